/** Where `solovirt images` works: in the directories of the daemon, or of the configuration where none answers. */
import type { Command } from 'commander';
import type { HostInfo } from './api/contract-host.ts';
import type { CliContext } from './cli/context.ts';
import { NoDaemonError, UsageError } from './cli/errors.ts';
import { createClient, getInfo } from './client/client.ts';
import { socketPath } from './client/socket-path.ts';
import type { DaemonConfig } from './core/config/daemon-config.ts';
import { readonlySocketBeside } from './core/paths.ts';
import { ConfigError, resolveConfig } from './host/config.ts';

/** Where to look, when the daemon is not to be asked. */
export interface PlaceFlags {
  readonly images?: string;
  readonly vms?: string;
  readonly config?: string;
  readonly socket?: string;
}

export interface ImagePlaces {
  readonly imagesDir: string;
  readonly vmsDir: string;
  readonly stateDir: string;
}

/** What was named counts before what the daemon says, and that before the configuration. @throws UsageError */
export async function imagePlaces(
  context: CliContext,
  command: Command,
  flags: PlaceFlags,
): Promise<ImagePlaces> {
  const { env } = context;
  const { imagesDir, vmsDir, stateDir } = readConfig(context, flags);
  const isImagesNamed = (flags.images ?? (env['SOLOVIRT_IMAGES'] || undefined)) !== undefined;
  const isVmsNamed = (flags.vms ?? (env['SOLOVIRT_VMS'] || undefined)) !== undefined;
  if ((isImagesNamed && isVmsNamed) || flags.config !== undefined)
    return { imagesDir, vmsDir, stateDir };
  const told = await askDaemon(context, command);
  return {
    imagesDir: isImagesNamed ? imagesDir : (told?.images ?? imagesDir),
    vmsDir: isVmsNamed ? vmsDir : (told?.vms ?? vmsDir),
    stateDir: told?.state ?? stateDir,
  };
}

async function askDaemon(
  context: CliContext,
  command: Command,
): Promise<Pick<HostInfo['directories'], 'images' | 'vms' | 'state'> | undefined> {
  const { socket } = command.optsWithGlobals<{ readonly socket?: string }>();
  const path = socketPath(context, socket);
  const other = socket === undefined ? readonlySocketBeside(path) : undefined;
  try {
    return (await getInfo(createClient(context, path, other))).directories;
  } catch (error) {
    if (error instanceof NoDaemonError && socket === undefined) return undefined;
    throw error;
  }
}

function readConfig({ env, isRoot, home }: CliContext, flags: PlaceFlags): DaemonConfig {
  const { images, vms, config } = flags;
  try {
    return resolveConfig({ flags: { images, vms, config }, env, isRoot, cwd: process.cwd(), home });
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
