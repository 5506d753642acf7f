// Starts server.pl, which reuses the Perl harness, and ends it afterwards.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

const here = fileURLToPath(new URL('.', import.meta.url));

export default async function globalSetup() {
  const server = spawn('perl', [`-I${here}../lib`, `${here}server.pl`],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout });
  const ended = new Promise((resolve) => server.once('exit', resolve));

  const first = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    ended.then((code) => {
      throw new Error(`server.pl ended with ${code}`);
    }),
  ]);

  const { origin, maildir } = JSON.parse(first);

  process.env.MFA_ORIGIN = origin;
  process.env.MFA_MAILDIR = maildir;

  return async () => {
    server.stdin.end();

    const code = await ended;

    if (code !== 0) {
      throw new Error(`the server's own checks failed (${code})`);
    }
  };
}
