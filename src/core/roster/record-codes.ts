import type { Kind } from './kinds.ts';

/**
 * The kinds of records as the snapshot and the record keys number them: roles and enrollments of students and of teachers
 * are told apart, since they come from different files. The numbers are in stored hashes and files: append only.
 */
export const RECORD_CODES = {
  org: 0,
  academicSession: 1,
  course: 2,
  class: 3,
  student: 4,
  teacher: 5,
  studentRole: 6,
  teacherRole: 7,
  studentEnrollment: 8,
  teacherEnrollment: 9,
} as const;

export type RecordName = keyof typeof RECORD_CODES;
export type RecordCode = (typeof RECORD_CODES)[RecordName];

export const RECORD_CODE_COUNT = 10;

/** A record in the snapshot, in 32-bit words: four of its key, two of its content hash, one of code (and flags). */
export const RECORD_WORDS = 7;

/** The kind of a record code, by its number. */
export const KIND_OF_CODE: readonly Kind[] = [
  'org',
  'academicSession',
  'course',
  'class',
  'student',
  'teacher',
  'role',
  'role',
  'enrollment',
  'enrollment',
];
