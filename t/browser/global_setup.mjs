// Starts server.pl, which reuses the Perl harness, and ends it afterwards.
//
// It is in a process group of its own: what kills this one closes its
// standard input, and that is when it ends everything it started.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';

const here = fileURLToPath(new URL('.', import.meta.url));

export default async function globalSetup() {
  const server = spawn('perl', [`-I${here}../lib`, `${here}server.pl`],
    { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const lines = createInterface({ input: server.stdout });
  const ended = new Promise((resolve) => server.once('exit', resolve));

  const first = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    ended.then((code) => {
      throw new Error(`server.pl ended with ${code}`);
    }),
  ]);

  // MFA_ORIGIN, MFA_MAIL, MFA_TEXTS, MFA_CALLS
  Object.assign(process.env, JSON.parse(first));

  return async () => {
    server.stdin.end();

    const code = await ended;

    if (code !== 0) {
      throw new Error(`the server's own checks failed (${code})`);
    }
  };
}
