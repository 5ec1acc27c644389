/**
 * `systemctl` for whatever of units is not on the way of each start (`start-unit.ts`). A call costs some milliseconds, and a
 * D-Bus library tens of megabytes.
 */
import { execa } from 'execa';

export class SystemctlError extends Error {
  override readonly name = 'SystemctlError';
}

/** Long enough for a job that waits until the unit's last run has been cleared away. */
const JOB_TIMEOUT_MS = 30_000;

/**
 * @throws SystemctlError with what systemctl said
 */
export async function systemctl(...args: readonly string[]): Promise<string> {
  const result = await execa('systemctl', ['--no-ask-password', '--no-pager', ...args], {
    reject: false,
    stdin: 'ignore',
    env: { LC_ALL: 'C', SYSTEMD_COLORS: '0' },
    timeout: JOB_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  if (!result.failed) return result.stdout;
  const said = result.stderr.trim();
  throw new SystemctlError(
    `systemctl ${args.join(' ')} failed: ${said === '' ? result.shortMessage : said}`,
  );
}
