/** The verb that sends disks, with virtctl's name and flags. */
import { Argument, type Command } from 'commander';
import type { CliContext } from './context.ts';
import { parseVmName } from './names.ts';
import { addTarget, readSize } from './options.ts';
import { clientOf, namespaceOf, socketOf } from './settings.ts';

interface UploadFlags {
  readonly imagePath: string;
  readonly size?: number;
}

export function addUploadCommand(program: Command, context: CliContext): void {
  addTarget(program.command('image-upload'))
    .description('send the image of a disk to the claim of a data volume, or to another')
    .addArgument(
      new Argument('<kind>', 'dv or pvc: the name is that of the claim either way').choices([
        'dv',
        'pvc',
      ]),
    )
    .argument('<name>', 'NAME or NAMESPACE/NAME')
    .requiredOption('--image-path <file>', 'raw or qcow2, also packed with gzip, zstd or xz')
    .option('--size <size>', 'what the guest is to see, such as 20Gi', readSize)
    .action(async (_kind: string, name: string, flags: UploadFlags, command: Command) => {
      const { imageUpload } = await import('./verbs/image-upload.ts');
      const claim = parseVmName(name, namespaceOf(command));
      const [client, socketPath] = await Promise.all([
        clientOf(command, context),
        socketOf(command, context),
      ]);
      await imageUpload({ context, client, socketPath, claim }, flags);
    });
}
