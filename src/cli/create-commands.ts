/**
 * `solovirt create`: its arguments and options, named as in `virtctl create vm` where that has them.
 */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { RUN_STRATEGIES, type RunStrategy } from '../core/model/virtual-machine.ts';
import type { CliContext } from './context.ts';
import { namespaceOption, readCount, readSeconds } from './options.ts';
import { givenNamespace } from './settings.ts';
import type { VolumeFlag } from './vm-manifest.ts';

interface Flags {
  readonly name?: string;
  readonly runStrategy: RunStrategy;
  readonly cpu: number;
  readonly memory: string;
  readonly volumeContainerdisk?: readonly VolumeFlag[];
  readonly volumeHostdisk?: readonly VolumeFlag[];
  readonly volumeEmptydisk?: readonly VolumeFlag[];
  readonly kernel?: string;
  readonly initrd?: string;
  readonly kernelArgs?: string;
  readonly portForward?: readonly string[];
  readonly network: boolean;
  readonly terminationGracePeriod?: number;
  readonly label?: Readonly<Record<string, string>>;
  readonly annotation?: Readonly<Record<string, string>>;
}

export function addCreateCommand(program: Command, context: CliContext): void {
  program
    .command('create')
    .description('print the file of a new VM; needs no daemon')
    .addArgument(new Argument('<kind>', 'what to create').choices(['vm']))
    .option('--name <new-name>', 'name of the VM; one is made up unless given')
    .addOption(namespaceOption())
    .addOption(
      new Option('--run-strategy <strategy>', 'when it runs, in any case of letters')
        .choices(RUN_STRATEGIES)
        .default('Always')
        .argParser(readStrategy),
    )
    .addOption(new Option('--cpu <cores>', 'CPU cores').default(1).argParser(readCount))
    .addOption(
      new Option('--memory <size>', 'memory of the guest, such as 512Mi or 4Gi')
        .default('512Mi')
        .argParser(readMemory),
    )
    .addOption(
      volumeOption(
        'containerdisk',
        'a disk from the image directory; what is written lasts one run: src:IMAGE[,name:N][,bootorder:N][,bus:B]',
        readVolume('containerDisk', ['src']),
      ),
    )
    .addOption(
      volumeOption(
        'hostdisk',
        'a file of the host that lasts, made if size is given: src:PATH[,size:10Gi][,name:N][,bootorder:N][,bus:B]',
        readVolume('hostDisk', ['src']),
      ),
    )
    .addOption(
      volumeOption(
        'emptydisk',
        'an empty disk that lasts one run: size:1Gi[,name:N][,bus:B]',
        readVolume('emptyDisk', ['size']),
      ),
    )
    .option('--kernel <image-file>', 'boot this kernel of the image directory directly')
    .option('--initrd <image-file>', 'with this initial RAM disk')
    .option('--kernel-args <args>', 'and these arguments')
    .option(
      '-p, --port-forward <ports>',
      'a port of this host that leads into the guest: HOSTPORT:PORT[/udp]',
      (text: string, earlier: readonly string[] = []) => [...earlier, text],
    )
    .option('--no-network', 'without a network interface')
    .addOption(
      new Option(
        '--termination-grace-period <seconds>',
        'how long the guest may take to shut down',
      ).argParser(readSeconds),
    )
    .option('--label <key=value>', 'a label of the VM', readPair)
    .option('--annotation <key=value>', 'an annotation of the VM', readPair)
    .action(async (_kind: string, flags: Flags, command: Command) => {
      const { createVm } = await import('./verbs/create-vm.ts');
      const { portForward: ports = [], label: labels = {}, annotation: annotations = {} } = flags;
      const namespace = givenNamespace(command);
      const gracePeriod = flags.terminationGracePeriod;
      await createVm(context, {
        ...flags,
        volumes: [
          ...(flags.volumeContainerdisk ?? []),
          ...(flags.volumeHostdisk ?? []),
          ...(flags.volumeEmptydisk ?? []),
        ],
        ports,
        labels,
        annotations,
        ...(namespace !== undefined && { namespace }),
        ...(gracePeriod !== undefined && { gracePeriod }),
      });
    });
}

type VolumeReader = (text: string, earlier?: readonly VolumeFlag[]) => readonly VolumeFlag[];

function volumeOption(kind: string, about: string, read: VolumeReader): Option {
  return new Option(`--volume-${kind} <volume>`, about).argParser(read);
}

const VOLUME_KEYS = ['src', 'size', 'name', 'bootorder', 'bus'];

/** `key:value,key:value`, as virtctl has it; a value may hold colons, but no commas. */
function readVolume(kind: VolumeFlag['kind'], required: readonly string[]): VolumeReader {
  const known = VOLUME_KEYS.filter((key) => isKeyOf(kind, key));
  return (text, earlier = []) => {
    const found = new Map<string, string>();
    for (const part of text.split(',')) {
      const [, key = '', value = ''] = /^([^:]*):(.*)$/.exec(part) ?? [];
      if (!known.includes(key) || value === '')
        throw new InvalidArgumentError(
          `${JSON.stringify(part)} is not KEY:VALUE with one of the keys ${known.join(', ')}.`,
        );
      if (found.has(key)) throw new InvalidArgumentError(`${key} is given twice.`);
      found.set(key, value);
    }
    const missing = required.find((key) => !found.has(key));
    if (missing !== undefined) throw new InvalidArgumentError(`${missing}:… is missing.`);
    const order = found.get('bootorder');
    const strings = ['src', 'size', 'name', 'bus'].flatMap((key) => {
      const value = found.get(key);
      return value === undefined ? [] : [[key, value] as const];
    });
    const bootOrder = order === undefined ? {} : { bootOrder: readCount(order) };
    return [...earlier, { kind, ...Object.fromEntries(strings), ...bootOrder }];
  };
}

function isKeyOf(kind: VolumeFlag['kind'], key: string): boolean {
  if (key === 'src') return kind !== 'emptyDisk';
  return key !== 'size' || kind !== 'containerDisk';
}

const MIB = 2 ** 20;

/** A bare number means bytes in a manifest, which nobody means here. */
function readMemory(text: string): string {
  if (/^\d+$/.test(text) && Number(text) < MIB)
    throw new InvalidArgumentError(`That many bytes are no memory: write ${text}Mi or ${text}Gi.`);
  return text;
}

function readStrategy(text: string): RunStrategy {
  const found = RUN_STRATEGIES.find((known) => known.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`Allowed choices are ${RUN_STRATEGIES.join(', ')}.`);
}

function readPair(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const sign = text.indexOf('=');
  if (sign < 1) throw new InvalidArgumentError('It is written KEY=VALUE.');
  return { ...earlier, [text.slice(0, sign)]: text.slice(sign + 1) };
}
