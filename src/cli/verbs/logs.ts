/**
 * `solovirt logs`: the text as the guest wrote it; on a terminal without the sequences that would drive it.
 */
import { logsPath } from '../../api/contract.ts';
import type { Client } from '../../client/client.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { createTerminalFilter } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { InterruptedError } from '../errors.ts';
import { displayName } from '../names.ts';
import { getKnownVm, isNotFound } from '../unknown-vm.ts';

interface LogsFlags {
  readonly qemu?: true;
  readonly follow?: true;
  readonly tail?: number;
  readonly run?: string;
}

export async function logs(
  context: CliContext,
  client: Client,
  vm: VmIdentity,
  flags: LogsFlags,
): Promise<void> {
  const filter = context.isTTY ? createTerminalFilter({ colours: true }) : (text: string) => text;
  let empty = true;
  try {
    for await (const chunk of await open(client, vm, flags)) {
      empty = false;
      await writeOut(context, filter(chunk));
    }
  } catch (error) {
    // Ctrl-C is how one leaves a log that is being followed.
    if (flags.follow && error instanceof InterruptedError) return;
    throw error;
  }
  if (empty) context.stderr.write(`The log of ${displayName(vm)} is empty.\n`);
}

async function open(
  client: Client,
  vm: VmIdentity,
  flags: LogsFlags,
): Promise<AsyncIterable<string>> {
  const query = new URLSearchParams({
    stream: flags.qemu ? 'qemu' : 'console',
    ...(flags.tail !== undefined && { tail: `${flags.tail}` }),
    ...(flags.follow && { follow: '1' }),
    ...(flags.run !== undefined && { run: flags.run }),
  });
  try {
    return await client.stream(`${logsPath(vm.namespace, vm.name)}?${query}`, {
      endless: flags.follow === true,
    });
  } catch (error) {
    // Either the VM is unknown, which is told with a suggestion, or it has no such run.
    if (isNotFound(error)) await getKnownVm(client, vm);
    throw error;
  }
}
