/** What is missing for the store of uploads that is chosen, one sentence each. */
export function faultsOfStore(values: Readonly<Record<string, unknown>>): string[] {
  const has = (name: string): boolean => values[name] !== undefined;
  const faults: string[] = [];
  if (values['uploadStore'] === 's3' && !has('s3Bucket')) faults.push('UPLOAD_STORE=s3 needs S3_BUCKET.');
  if (has('s3AccessKeyId') !== has('s3SecretAccessKey'))
    faults.push('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together: give both or none.');
  if (values['uploadStore'] === 'azure') {
    const connection = values['azureConnection'];
    if (typeof connection !== 'string') faults.push('UPLOAD_STORE=azure needs AZURE_CONNECTION.');
    else if (/^https?:\/\//i.test(connection) === has('azureContainer'))
      faults.push(
        'AZURE_CONTAINER names the container when AZURE_CONNECTION is a connection string; a URL names it itself.',
      );
  }
  return faults;
}
