/** Takes what a service manager left in the environment, before any child could see it. */
import { INHERITED_VARIABLES, type Inherited, readInherited } from '../core/systemd/inherited.ts';
import { ConfigError } from './config.ts';
import { isSocket } from './datagram.ts';

/**
 * Reads the variables and removes them from `env`. The sockets themselves reach no child: Node sets FD_CLOEXEC on
 * the descriptors that it finds open at its start (uv_disable_stdio_inheritance), as long as there is no gap.
 * @throws ConfigError when a variable makes no sense or names something that is no socket
 */
export function takeInherited(env: Record<string, string | undefined>, pid: number): Inherited {
  const { inherited, problems } = readInherited(env, pid);
  for (const name of INHERITED_VARIABLES) delete env[name];
  const noSockets = [
    ['SOLOVIRT_NOTIFY_FD', inherited.notifyFd] as const,
    ['SOLOVIRT_JOURNAL_FD', inherited.journalFd] as const,
  ].flatMap(([origin, fd]) => {
    if (fd === undefined || isSocket(fd)) return [];
    const message = `must be the number of an open socket, but descriptor ${fd} is none`;
    return [{ origin, setting: '', message }];
  });
  const all = [...problems, ...noSockets];
  if (all.length > 0) throw new ConfigError(all);
  return inherited;
}
