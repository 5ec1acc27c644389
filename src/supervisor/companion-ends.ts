/** What is told when a process beside QEMU has ended and QEMU goes on. */
import type { ExitStatus } from '../core/model/evidence.ts';
import type { InstanceSpec } from '../core/model/virtual-machine.ts';
import { filesystemPaths, passtEnd } from '../core/paths.ts';
import type { WatchedCompanion } from '../qemu/instance-files.ts';
import type { EventNote } from './event-log.ts';

export function companionEnds(
  { tpm, filesystems = [], interfaces }: Pick<InstanceSpec, 'tpm' | 'filesystems' | 'interfaces'>,
  note: (words: EventNote) => void,
): readonly WatchedCompanion[] {
  return [
    ...(tpm === undefined
      ? []
      : [
          {
            end: ({ tpmEnd }) => tpmEnd,
            onEnd: (end) => note(tpmLost(end)),
          } satisfies WatchedCompanion,
        ]),
    ...filesystems.map(
      ({ name }, index): WatchedCompanion => ({
        end: (paths) => filesystemPaths(paths, index).end,
        onEnd: (end) => note(filesystemLost(name, end)),
      }),
    ),
    ...interfaces.flatMap(({ kind, name }, index): readonly WatchedCompanion[] =>
      kind === 'passt'
        ? [
            {
              end: (paths) => passtEnd(paths, index),
              onEnd: (end) => note(networkLost(name, end)),
            },
          ]
        : [],
    ),
  ];
}

/** The TPM's emulator has ended and QEMU goes on. */
function tpmLost(end: ExitStatus): EventNote {
  return {
    type: 'Warning',
    reason: 'TpmLost',
    message: `swtpm ended (${howWords(end)}): the guest runs on without its TPM until it is restarted, and a reset ends it`,
  };
}

/** The process that serves a directory to the guest has ended and QEMU goes on. */
function filesystemLost(name: string, end: ExitStatus): EventNote {
  return {
    type: 'Warning',
    reason: 'FilesystemLost',
    message: `virtiofsd of the filesystem ${name} ended (${howWords(end)}): whatever the guest does there waits until it is restarted`,
  };
}

/** The process that is the network of a NIC has ended and QEMU goes on. */
function networkLost(name: string, end: ExitStatus): EventNote {
  return {
    type: 'Warning',
    reason: 'NetworkLost',
    message: `passt of the interface ${name} ended (${howWords(end)}): the guest runs on with nothing at the other end of it until it is restarted`,
  };
}

function howWords(end: ExitStatus): string {
  return end.kind === 'exited' ? `exit code ${end.code}` : `signal ${end.signal}`;
}
