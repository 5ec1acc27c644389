/**
 * `solovirt images`: the verbs that work on the image directory itself, with a daemon or without. Loaded with the client,
 * so what does the work is loaded only when it is called.
 */
import type { Command } from 'commander';
import type { CliContext } from './cli/context.ts';
import type { DataFormat } from './cli/format/output.ts';
import { outputOption, readSize, socketOption } from './cli/options.ts';
import type { PlaceFlags } from './image-places.ts';

interface ListFlags extends PlaceFlags {
  readonly output?: DataFormat | 'name';
  /** False: without the line of titles. */
  readonly headers?: boolean;
}

interface InfoFlags extends PlaceFlags {
  readonly output?: DataFormat;
}

interface PullFlags extends PlaceFlags {
  readonly from?: string;
  readonly path?: string;
  readonly authfile?: string;
  readonly insecure?: true;
  /** In bytes. */
  readonly maxSize?: number;
}

interface PruneFlags extends PlaceFlags {
  readonly all?: true;
  readonly dryRun?: true;
}

/** 100 GiB: no disk that comes in a container image is near that. */
const MAX_SIZE = 100 * 1024 ** 3;

const EXAMPLES = `
Examples:
  solovirt images pull quay.io/containerdisks/debian:13
  solovirt images pull quay.io/containerdisks/debian:13 --from debian.tar
  solovirt images import web.qcow2 example/web:1
  solovirt images list`;

export function addImagesCommand(program: Command, context: CliContext): void {
  const images = program
    .command('images')
    .description('list, get and remove disk images, with a daemon or without')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  addLooks(images, context);
  addPull(images, context);
  addImport(images, context);
  addRemove(images, context);
  addPrune(images, context);
}

function addLooks(images: Command, context: CliContext): void {
  addPlace(images.command('list'))
    .description('list the images with their sizes and the VMs whose files name them')
    .addOption(outputOption(['json', 'yaml', 'name']))
    .option('--no-headers', 'without the line of titles')
    .action(async (flags: ListFlags, command: Command) => {
      const { listVerb, places } = await load(context, command, flags);
      await listVerb(context, places, { output: flags.output, headless: flags.headers === false });
    });
  addPlace(images.command('info'))
    .description('tell all about one image')
    .argument('<image>', 'a reference, or a file of the image directory')
    .addOption(outputOption(['json', 'yaml']))
    .action(async (image: string, flags: InfoFlags, command: Command) => {
      const { infoVerb, places } = await load(context, command, flags);
      await infoVerb(context, places, image, flags.output);
    });
}

function addPull(images: Command, context: CliContext): void {
  addPlace(images.command('pull'))
    .description('get a containerDisk image from its registry, or from an archive; needs skopeo')
    .argument('<reference>', 'as a containerDisk names it: [REGISTRY/]NAME[:TAG][@sha256:…]')
    .option('--from <path>', 'an OCI archive or layout on disk, in place of the registry')
    .option('--path <inner>', 'which file of the image, when it is not the only one below /disk')
    .option('--authfile <file>', 'credentials, as `skopeo login` keeps them')
    .option('--insecure', 'take plain HTTP, and certificates that nobody vouches for')
    .option('--max-size <size>', 'the most that may come, and come out of it (100Gi)', readSize)
    .action(async (reference: string, flags: PullFlags, command: Command) => {
      const { pullVerb, places } = await load(context, command, flags);
      const { from, path, authfile, insecure, maxSize } = flags;
      await pullVerb(context, {
        reference,
        imagesDir: places.imagesDir,
        ...(from === undefined ? {} : { from }),
        ...(path === undefined ? {} : { path }),
        ...(authfile === undefined ? {} : { authFile: authfile }),
        insecure: insecure === true,
        maxBytes: maxSize ?? MAX_SIZE,
      });
    });
}

function addImport(images: Command, context: CliContext): void {
  addPlace(images.command('import'))
    .description('copy a disk of this host into the image directory')
    .argument('<file>', 'qcow2, raw or ISO 9660')
    .argument('[reference]', "the image's name; without it, that of the file")
    .action(async (file: string, name: string | undefined, flags: PlaceFlags, command: Command) => {
      const { importVerb, places } = await load(context, command, flags);
      await importVerb(context, places, file, name);
    });
}

function addRemove(images: Command, context: CliContext): void {
  addPlace(images.command('remove'))
    .description('remove images that no VM uses')
    .argument('<image...>', 'references, or files of the image directory')
    .action(async (names: readonly string[], flags: PlaceFlags, command: Command) => {
      const { removeVerb, places } = await load(context, command, flags);
      await removeVerb(context, places, names);
    });
}

function addPrune(images: Command, context: CliContext): void {
  addPlace(images.command('prune'))
    .description('remove pulled images that no VM uses, and what broken-off work has left')
    .option('--all', 'also what was put there by hand or imported')
    .option('--dry-run', 'only tell what would be removed')
    .action(async (flags: PruneFlags, command: Command) => {
      const { pruneVerb, places } = await load(context, command, flags);
      const { all, dryRun } = flags;
      await pruneVerb(context, places, { all: all === true, dryRun: dryRun === true });
    });
}

/** In the package this puts the daemon's bundle in the place of the client's. */
async function load(context: CliContext, command: Command, flags: PlaceFlags) {
  const verbs = await import('./image-verbs.ts');
  const { imagePlaces } = await import('./image-places.ts');
  return { ...verbs, places: await imagePlaces(context, command, flags) };
}

function addPlace(command: Command): Command {
  return command
    .option('--images <dir>', "image directory, when it is not the daemon's")
    .option('--vms <dir>', "directory of VM files, when it is not the daemon's")
    .option('--config <file>', 'configuration file, when there is no daemon')
    .addOption(socketOption());
}
