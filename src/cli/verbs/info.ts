/**
 * `solovirt info`.
 */
import type { HostInfo } from '../../api/contract-host.ts';
import { type Client, getInfo } from '../../client/client.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { formatAge, formatInstant, parseTime } from '../format/age.ts';
import { type Fact, renderFacts } from '../format/facts.ts';
import { type DataFormat, renderData } from '../format/output.ts';

export async function info(
  context: CliContext,
  client: Client,
  { output }: { readonly output?: DataFormat },
): Promise<void> {
  const found = await getInfo(client);
  const text =
    output === undefined
      ? renderFacts(facts(found, context.now()))
      : await renderData(found, output);
  await writeOut(context, text);
  if (output !== undefined) return;
  for (const warning of found.warnings) context.stderr.write(`warning: ${singleLine(warning)}\n`);
}

function facts(host: HostInfo, now: number): readonly Fact[] {
  const { qemu, accelerator, directories, counts } = host;
  const startedAt = parseTime(host.startedAt);
  const up = startedAt === undefined ? '-' : formatAge(now - startedAt);
  return [
    ['Version', host.version],
    ['Daemon', `pid ${host.pid}, up ${up} (since ${formatInstant(host.startedAt)})`],
    ['Host', host.node],
    ['QEMU', `${qemu.path}${qemu.version === undefined ? '' : ` (${qemu.version})`}`],
    ...(qemu.error === undefined ? [] : [['QEMU error', qemu.error] as const]),
    ['Accelerator', `${accelerator.name}: ${accelerator.reason}`],
    ['VM files', directories.vms],
    ['Images', directories.images],
    ['State', directories.state],
    ['Runtime', directories.runtime],
    ['Socket', host.socket],
    ...(host.readonlySocket === undefined
      ? []
      : [['Read-only socket', host.readonlySocket] as const]),
    ['Strategy table', host.strategyTable],
    ['Bridges', bridges(host)],
    ['VMs', `${counts.vms} (${counts.running} running, ${counts.invalid} invalid)`],
  ];
}

const MAKERS = {
  daemon: 'guests are put onto them by the daemon',
  helper: 'guests are put onto them by QEMU’s bridge helper',
  service: 'guests are put onto them by solovirt-tap.socket',
} as const;

/** An older daemon tells nothing of them. */
function bridges({ bridges: told }: Partial<HostInfo>): string {
  if (told?.maker === undefined) return told?.error === undefined ? '-' : `no: ${told.error}`;
  return Object.hasOwn(MAKERS, told.maker) ? MAKERS[told.maker] : told.maker;
}
