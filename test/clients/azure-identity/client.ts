import { ClientSecretCredential } from '@azure/identity';

import { answerQuestions } from '#test/helpers/answer-questions.ts';

const { AUTHORITY = '', TENANT = '', CLIENT = '' } = process.env;
const credentials = new Map<string, ClientSecretCredential>();

await answerQuestions({
  open: (name, secret) =>
    void credentials.set(
      name,
      new ClientSecretCredential(TENANT, CLIENT, secret, {
        authorityHost: AUTHORITY,
        disableInstanceDiscovery: true,
      }),
    ),
  async token(name) {
    const got = await credentials.get(name)?.getToken('https://graph.microsoft.com/.default');
    return { token: got?.token ?? '', expiresAtMs: got?.expiresOnTimestamp ?? 0 };
  },
});
