/** `solovirt screenshot`: the display of a VM as a PNG. */
import { writeFile } from 'node:fs/promises';
import { screenshotPath } from '../../api/contract-lines.ts';
import { download } from '../../client/line.ts';
import { errorMessage } from '../../core/thrown.ts';
import { CliError, UsageError } from '../errors.ts';
import { explained, type GuestTarget } from '../guest-target.ts';
import { displayName } from '../names.ts';

export async function screenshot(target: GuestTarget, file: string): Promise<void> {
  const { context, ends, vm } = target;
  if (file === '-' && ends.output.isTTY === true)
    throw new UsageError('a picture is not written to a terminal', {
      hint: 'Give a file, or a pipe: `solovirt screenshot NAME - | …`.',
    });
  const picture = await take(target);
  if (file === '-') {
    await new Promise<void>((resolve) => ends.output.write(picture, () => resolve()));
    return;
  }
  try {
    await writeFile(file, picture);
  } catch (error) {
    throw new CliError(`the picture could not be written: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  context.stderr.write(`The display of ${displayName(vm)} is in ${file}.\n`);
}

async function take(target: GuestTarget): Promise<Buffer> {
  const { context, socketPath, vm } = target;
  try {
    return await download(context, socketPath, screenshotPath(vm.namespace, vm.name));
  } catch (error) {
    throw await explained(target, error);
  }
}
