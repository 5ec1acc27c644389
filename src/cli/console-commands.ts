/**
 * The verbs that lead into guests: console, vnc, screenshot, port-forward, ssh. Named as in `virtctl` where it has them.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from './context.ts';
import type { GuestTarget } from './guest-target.ts';
import { parseVmName } from './names.ts';
import { addTarget, waitOption } from './options.ts';
import { clientOf, namespaceOf, socketOf } from './settings.ts';
import type { ConsoleFlags } from './verbs/console.ts';
import type { PortForwardFlags } from './verbs/port-forward.ts';
import type { SshFlags } from './verbs/ssh.ts';
import type { VncFlags } from './verbs/vnc.ts';

export function addConsoleCommands(program: Command, context: CliContext): void {
  addConsole(program, context);
  addVnc(program, context);
  addScreenshot(program, context);
  addPortForward(program, context);
  addSsh(program, context);
}

const NAME = ['<name>', 'NAME or NAMESPACE/NAME'] as const;

function addConsole(program: Command, context: CliContext): void {
  addTarget(program.command('console'))
    .description("use a VM's serial console")
    .argument(...NAME)
    .addOption(
      new Option('--escape <key>', 'what detaches: ^A to ^_, or none')
        .default('^]')
        .argParser(readKey),
    )
    .option('--no-scrollback', 'without what was said before')
    .addOption(waitOption('wait until the VM runs'))
    .action(async (name: string, flags: ConsoleFlags, command: Command) => {
      const { console } = await import('./verbs/console.ts');
      await console(await targetOf(command, context, name), flags);
    });
}

function addVnc(program: Command, context: CliContext): void {
  addTarget(program.command('vnc'))
    .description("open a VM's display in a VNC viewer")
    .argument(...NAME)
    .option('--proxy-only', 'only listen on 127.0.0.1, print where, and serve one viewer')
    .addOption(new Option('--port <port>', 'where to listen').argParser(readPort))
    .option('--preserve-session', 'fail rather than send a viewer away that is there')
    .action(async (name: string, flags: VncFlags, command: Command) => {
      const { vnc } = await import('./verbs/vnc.ts');
      await vnc(await targetOf(command, context, name), flags);
    });
}

function addScreenshot(program: Command, context: CliContext): void {
  addTarget(program.command('screenshot'))
    .description("save a picture of a VM's display (PNG)")
    .argument(...NAME)
    .argument('<file>', 'where to, or - for standard output')
    .action(async (name: string, file: string, _flags: object, command: Command) => {
      const { screenshot } = await import('./verbs/screenshot.ts');
      await screenshot(await targetOf(command, context, name), file);
    });
}

function addPortForward(program: Command, context: CliContext): void {
  addTarget(program.command('port-forward'))
    .description('lead ports of this host to ports of a VM, until Ctrl-C')
    .argument(...NAME)
    .argument('<port...>', '[LOCAL:]REMOTE; LOCAL 0 is any free port')
    .option('--address <address>', 'where to listen', '127.0.0.1')
    .option('--stdio', 'connect one port with standard input and output instead')
    .action(async (name: string, ports: string[], flags: PortForwardFlags, command: Command) => {
      const { portForward } = await import('./verbs/port-forward.ts');
      await portForward(await targetOf(command, context, name), ports, flags);
    });
}

function addSsh(program: Command, context: CliContext): void {
  addTarget(program.command('ssh'))
    .description('log in to a VM with ssh, whatever its network')
    .argument('<name>', '[USER@]NAME or [USER@]NAMESPACE/NAME')
    .argument('[args...]', 'for ssh, after --')
    .option('-i, --identity <file>', 'private key')
    .addOption(
      new Option('-p, --port <port>', "of the guest's ssh server").default(22).argParser(readPort),
    )
    .option('--print', 'only print the command')
    .action(async (name: string, args: string[], flags: SshFlags, command: Command) => {
      const { ssh } = await import('./verbs/ssh.ts');
      const at = name.lastIndexOf('@');
      const target = await targetOf(command, context, name.slice(at + 1));
      await ssh(target, args, { ...flags, ...(at > 0 && { user: name.slice(0, at) }) });
    });
}

async function targetOf(command: Command, context: CliContext, name: string): Promise<GuestTarget> {
  const vm = parseVmName(name, namespaceOf(command));
  const [client, socketPath] = await Promise.all([
    clientOf(command, context),
    socketOf(command, context),
  ]);
  const { ends } = context;
  if (ends === undefined) throw new Error('this program has no ends of a process to offer');
  return { context, client, socketPath, vm, ends: ends() };
}

/** Undefined: none. */
function readKey(text: string): number | undefined {
  if (text === 'none') return undefined;
  const [, letter] = /^\^([A-Za-z[\\\]^_])$/.exec(text) ?? [];
  // The control key takes the upper bits of a letter away (ASCII).
  if (letter !== undefined) return letter.toUpperCase().charCodeAt(0) & 0x1f;
  throw new InvalidArgumentError('A key is written ^A to ^Z, ^[, ^\\, ^], ^^ or ^_; or none.');
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 1 to 65535.');
}
