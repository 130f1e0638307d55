// STUB until merge
const STAFF =
  'principal chair professor researcher adjunct affiliate occupationalTherapist physicalTherapist speechTherapist visionTherapist paraprofessional specialServices advisor proctor nurse officeStaff lecturer itAdmin administrator teacher faculty staff teacherAssistant assistant instructor substitute coach alumni aide'.split(
    ' ',
  );
const byLower = new Map(STAFF.map((c) => [c.toLowerCase(), c]));
export function roleGroupOf(text: string): 'student' | 'staff' | 'none' | undefined {
  const lower = text.toLowerCase();
  if (lower === 'student') return 'student';
  if (['other', 'parent', 'guardian', 'relative', 'doctor'].includes(lower)) return 'none';
  return byLower.has(lower) ? 'staff' : undefined;
}
export function findRole(text: string): string | undefined {
  return text.toLowerCase() === 'student' ? 'student' : byLower.get(text.toLowerCase());
}
export function findGrade(text: string): string | undefined {
  return /^\d$/u.test(text) ? `0${text}` : text.toLowerCase();
}
