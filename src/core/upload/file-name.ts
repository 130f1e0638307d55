/**
 * What is wrong with the name of an uploaded file, or undefined. An upload is one flat set of files: a name with a folder in it is
 * refused, not cut down, so that two files can never become one. Names never reach the disk; the rule is for people who
 * read them and for systems that a set of files is exported to.
 */
export function faultOfFileName(name: string): string | undefined {
  if (name === '') return 'The file has no name: PUT to {uploadUrl path}/School.csv.';
  if (name.length > 255) return 'The file name is longer than 255 characters.';
  if (/[/\\]/.test(name)) {
    return 'The file name holds a folder. Put the files directly into the container, for example School.csv.';
  }
  // Control and format characters (bidirectional marks among them), lone surrogates, line and paragraph separators.
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name))
    return 'The file name holds characters that cannot be shown.';
  if (/[<>:"|?*]/.test(name)) return 'The file name holds one of < > : " | ? *.';
  if (/^\.|[. ]$|^ /.test(name))
    return 'The file name starts with a dot, or starts or ends with a blank or a dot.';
  return undefined;
}
