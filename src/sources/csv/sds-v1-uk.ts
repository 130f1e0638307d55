import type { FileDefinition, FormatDefinition } from './format.ts';
import { SDS_V1 } from './sds-v1.ts';

/** What the columns are called in the United Kingdom. Source: Microsoft's UK sample sets; all other titles are those of SDS V1. */
const TITLES: Readonly<Record<string, string>> = {
  'SIS ID': 'ID',
  'School SIS ID': 'School DfE Number',
  'Section SIS ID': 'Section ID',
  Zip: 'Postal Code',
};

/** SDS V1 as Microsoft had it for the United Kingdom: the same files, some columns under other titles. */
export const SDS_V1_UK: FormatDefinition = {
  ...SDS_V1,
  name: 'sds-v1-uk',
  title: 'SDS V1 (UK)',
  files: SDS_V1.files.map(withTitles),
};

function withTitles(file: FileDefinition): FileDefinition {
  // Exporters of the United Kingdom write the two files of contacts with the titles of SDS V1.
  if (file.describes !== undefined) return file;
  return {
    ...file,
    columns: file.columns.map((column) => {
      const schoolId = file.entity === 'school' && column.part === 'key';
      return {
        ...column,
        title: schoolId ? 'DfE Number' : (TITLES[column.title] ?? column.title),
        // Year groups (Reception, Year 1) are not the grades of the list.
        check: typeof column.check === 'string' ? column.check : null,
      };
    }),
  };
}
