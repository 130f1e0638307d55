/**
 * An org `o` at which classes are taught: what Graph calls an educationSchool. Districts, ministries and departments stand above or beside
 * them in the tree, and are read through the own API. Source of the types: the default list of values of School Data Sync.
 */
export const IS_SCHOOL = `o.type in ('school', 'college', 'university', 'campus', 'adultEducation')`;
