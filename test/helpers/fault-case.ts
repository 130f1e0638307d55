import type { StageFilesOptions } from './stage-files.ts';

export type FaultyFiles = Record<string, string | Uint8Array>;

/** A small roster without a fault. */
export const GOOD_FILES: Readonly<Record<string, string>> = {
  'school.csv': 'SIS ID,Name\nA,Alder\nB,Birch\n',
  'section.csv':
    'SIS ID,School SIS ID,Section Name,Term SIS ID,Term Name,Term StartDate,Term EndDate\nm1,A,Math,T1,Autumn,2026-08-01,2027-07-31\nm2,B,Music,T1,Autumn,2026-08-01,2027-07-31\n',
  'student.csv':
    'SIS ID,School SIS ID,First Name,Last Name,Username,Grade,Birthdate\n1,A,Ada,Elm,aelm,5,2015-03-01\n2,B,Ben,Fir,bfir,6,2014-04-02\n',
  'teacher.csv': 'SIS ID,School SIS ID,First Name,Last Name,Username\n1,A,Tea,Oak,toak\n',
  'studentenrollment.csv': 'Section SIS ID,SIS ID\nm1,1\nm2,2\n',
  'teacherroster.csv': 'Section SIS ID,SIS ID\nm1,1\n',
};

/** What is done to it, and what is found then. */
export interface FaultCase {
  readonly name: string;
  /** Rows added to the good files; null: the file is left out. */
  readonly add?: FaultyFiles;
  readonly replace?: Record<string, string | Uint8Array | null>;
  readonly options?: StageFilesOptions;
  readonly expect: readonly string[];
}
