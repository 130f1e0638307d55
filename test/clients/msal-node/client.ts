import { ConfidentialClientApplication } from '@azure/msal-node';

import { answerQuestions } from '#test/helpers/answer-questions.ts';

const { AUTHORITY = '', TENANT = '', CLIENT = '' } = process.env;
const applications = new Map<string, ConfidentialClientApplication>();

await answerQuestions({
  open: (name, clientSecret) =>
    void applications.set(
      name,
      new ConfidentialClientApplication({
        auth: {
          clientId: CLIENT,
          clientSecret,
          authority: `${AUTHORITY}/${TENANT}`,
          knownAuthorities: [new URL(AUTHORITY).host],
        },
      }),
    ),
  async token(name, fresh) {
    const got = await applications.get(name)?.acquireTokenByClientCredential({
      scopes: ['https://graph.microsoft.com/.default'],
      skipCache: fresh,
    });
    return { token: got?.accessToken ?? '', expiresAtMs: got?.expiresOn?.getTime() ?? 0 };
  },
});
