import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewriteUrl } from './rewrite-url.ts';

const names = [
  'v1.0',
  'beta',
  'education',
  'synchronizationProfiles',
  'uploadUrl',
  'start',
  'users',
  'classes',
  '$count',
  '$metadata',
];
const segments = new Map(names.map((name) => [name.toLowerCase(), name]));

const cases: Record<string, [string, string]> = {
  'as it should be': ['/beta/education/users/Ab?$top=1', '/beta/education/users/Ab?$top=1'],
  'any case, ids as they are': [
    '/BETA/Education/SYNCHRONIZATIONprofiles/AbC/uploadurl',
    '/beta/education/synchronizationProfiles/AbC/uploadUrl',
  ],
  'a called function': [
    '/beta/education/synchronizationProfiles/1/uploadUrl()',
    '/beta/education/synchronizationProfiles/1/uploadUrl',
  ],
  'a qualified function': [
    '/beta/education/synchronizationProfiles/1/microsoft.graph.uploadUrl()',
    '/beta/education/synchronizationProfiles/1/uploadUrl',
  ],
  'a qualified action': [
    '/beta/education/synchronizationProfiles/1/Microsoft.Graph.Start',
    '/beta/education/synchronizationProfiles/1/start',
  ],
  'a key in brackets': ["/v1.0/education/users('Ab')/classes", '/v1.0/education/users/Ab/classes'],
  'a key in escaped brackets': ['/v1.0/education/users%28%27Ab%27%29', '/v1.0/education/users/Ab'],
  'a doubled quote in a key': ["/v1.0/education/users('O''Neil')", "/v1.0/education/users/O'Neil"],
  'slashes doubled and at the end': ['//v1.0//education///users/?a=//b', '/v1.0/education/users?a=//b'],
  'an escaped dollar': ['/v1.0/%24metadata', '/v1.0/$metadata'],
  'the absolute form': ['http://host:1/Beta/Education/Users', '/beta/education/users'],
  'what nobody knows': ['/beta/education/nothing()/x', '/beta/education/nothing()/x'],
  'another address': [
    '/0198E000-0000-7000-8000-00000000000a//School.CSV?SIG=A',
    '/0198E000-0000-7000-8000-00000000000a//School.CSV?SIG=A',
  ],
  'an empty path': ['http://host', '/'],
};
for (const [name, [sent, routed]] of Object.entries(cases)) {
  test(name, () => {
    assert.equal(rewriteUrl(sent, segments), routed);
  });
}
