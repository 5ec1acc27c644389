/** Programs that outlive this process and hold nothing of it: no descriptor, session, environment or event loop. */
import { execa } from 'execa';

export interface Detached {
  readonly pid: number | undefined;
  /** How it ended, in words; undefined while it runs. */
  ended: string | undefined;
}

/** Starts it in a session of its own, in `/`, with nothing in its environment but what is given. */
export function startDetached(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Detached {
  const subprocess = execa(program, args, {
    detached: true,
    cleanup: false,
    forceKillAfterDelay: false,
    buffer: false,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    extendEnv: false,
    env,
    cwd: '/',
  });
  subprocess.nodeChildProcess.unref();
  const started: Detached = { pid: subprocess.pid, ended: undefined };
  void subprocess.then((result) => {
    started.ended = result.failed ? result.shortMessage : 'it ended';
  });
  return started;
}
