/** `solovirt ssh`: the system's ssh, led to the guest's port through the daemon. */
import { CliError, ProgramEndedError } from '../errors.ts';
import type { GuestTarget } from '../guest-target.ts';
import { displayName } from '../names.ts';
import { findProgram, runAttached } from '../run-program.ts';
import { getKnownVm } from '../unknown-vm.ts';

export interface SshFlags {
  readonly user?: string;
  readonly identity?: string;
  readonly port: number;
  readonly print?: true;
}

export async function ssh(
  target: GuestTarget,
  more: readonly string[],
  flags: SshFlags,
): Promise<void> {
  const { context, client, vm } = target;
  const args = sshArgs(target, more, flags);
  if (flags.print) {
    context.stdout.write(`${['ssh', ...args].map(shellWord).join(' ')}\n`);
    return;
  }
  const { status } = await getKnownVm(client, vm);
  const name = displayName(vm);
  if (status.instance === undefined)
    throw new CliError(`${name} does not run: it is ${status.printableStatus}`, {
      hint: `\`solovirt start ${name}\` starts it.`,
    });
  const program = findProgram('ssh', context.env);
  if (program === undefined)
    throw new CliError('ssh is not installed', {
      hint: 'In Debian it is the package openssh-client. `solovirt console` needs no ssh.',
    });
  const code = await runAttached(program, args);
  if (code !== 0) throw new ProgramEndedError(code);
}

/**
 * - The host's key is remembered under a name of the VM's own, for all VMs have the same address; a new one is accepted:
 *   nobody stands between this host and its guest.
 * - ssh hands the proxy command to a shell after it has replaced what follows a percent sign (ssh_config(5)).
 */
export function sshArgs(
  {
    ends,
    socketPath,
    vm,
  }: Pick<GuestTarget, 'socketPath' | 'vm'> & {
    readonly ends: Pick<GuestTarget['ends'], 'self'>;
  },
  more: readonly string[],
  { user, identity, port }: SshFlags,
): readonly string[] {
  const alias = `vm.${vm.name}.${vm.namespace}`;
  const name = `${vm.namespace}/${vm.name}`;
  const proxy = [...ends.self, 'port-forward', '--socket', socketPath, '--stdio', name, `${port}`]
    .map(shellWord)
    .join(' ')
    .replaceAll('%', '%%');
  return [
    ...['-o', `ProxyCommand=${proxy}`],
    ...['-o', `HostKeyAlias=${alias}`],
    ...['-o', 'StrictHostKeyChecking=accept-new'],
    ...(identity === undefined ? [] : ['-i', identity]),
    ...(user === undefined ? [] : ['-l', user]),
    alias,
    ...more,
  ];
}

/** Quoted where a shell (POSIX) would not take it literally. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
