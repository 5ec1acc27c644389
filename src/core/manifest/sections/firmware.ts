/**
 * `domain.firmware`: the table of its fields, and direct kernel boot: `firmware.kernelBoot` with files of an image, or annotations with files of the image
 * directory. Not both.
 */
import type { KernelBoot } from '../../model/machine.ts';
import { quoted } from '../field-path.ts';
import { type Found, text, type ValueOf } from '../fields.ts';
import { checkInnerPath, hasControlCharacter } from '../names.ts';
import { object, reportMissing } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { type HostSettings, INITRD, KERNEL, KERNEL_ARGS } from './annotations.ts';
import { BOOTLOADER, IDENTITY_FIELDS } from './bootloader.ts';
import { IMAGE_PULL, resolveImagePull } from './image-pull.ts';
import { checkImage } from './volumes.ts';

/** x86 `COMMAND_LINE_SIZE` (boot protocol): the kernel cuts off what is longer. */
const MAX_ARGS = 2047;

export const FIRMWARE = object({
  type: 'Firmware',
  fields: {
    bootloader: BOOTLOADER,
    ...IDENTITY_FIELDS,
    kernelBoot: object({
      type: 'KernelBoot',
      fields: {
        kernelArgs: text(checkArgs, { mayBeEmpty: true }),
        container: object({
          type: 'KernelBootContainer',
          fields: {
            image: text(checkImage),
            kernelPath: text(checkInnerPath),
            initrdPath: text(checkInnerPath),
            ...IMAGE_PULL,
          },
          required: ['image'],
        }),
      },
    }),
  },
});

type Firmware = Found<ValueOf<typeof FIRMWARE>>;
type BootFields = NonNullable<Firmware['value']['get']['kernelBoot']>;

function checkArgs(args: string): string | undefined {
  if (hasControlCharacter(args))
    return 'kernel arguments stand on one line, without control characters';
  return args.length > MAX_ARGS
    ? `kernel arguments have at most ${MAX_ARGS} characters`
    : undefined;
}

export function resolveKernelBoot(
  firmware: Firmware | undefined,
  settings: HostSettings,
  report: Report,
): KernelBoot | undefined {
  const field = firmware?.value.get.kernelBoot;
  const annotation = settings.get(KERNEL) ?? settings.get(INITRD) ?? settings.get(KERNEL_ARGS);
  if (field !== undefined && field.value.present.size > 0 && annotation !== undefined) {
    const message = `a kernel is also given in ${field.path}; keep one of the two forms`;
    report.error('mutually-exclusive', annotation, message);
    return undefined;
  }
  if (annotation !== undefined) return fromAnnotations(settings, annotation, report);
  return field === undefined ? undefined : fromContainer(field, report);
}

function fromContainer(boot: BootFields, report: Report): KernelBoot | undefined {
  const { container, kernelArgs } = boot.value.get;
  if (kernelArgs !== undefined && !boot.value.present.has('container')) {
    const message = 'kernelArgs needs a kernel: add container with image and kernelPath';
    report.error('required', kernelArgs, message);
  }
  if (container === undefined) return undefined;
  const { image, kernelPath, initrdPath, ...pull } = container.value.get;
  if (!container.value.present.has('kernelPath')) reportMissing(container, 'kernelPath', report);
  if (image === undefined || kernelPath === undefined) return undefined;
  return {
    source: {
      kind: 'container',
      image: image.value,
      kernelPath: kernelPath.value,
      ...(initrdPath && { initrdPath: initrdPath.value }),
      ...resolveImagePull(image.value, pull, report),
    },
    kernelArgs: kernelArgs?.value ?? '',
  };
}

function fromAnnotations(
  settings: HostSettings,
  first: Found<string>,
  report: Report,
): KernelBoot | undefined {
  const kernel = checked(settings.get(KERNEL), checkImagePath, report);
  const initrd = checked(settings.get(INITRD), checkImagePath, report);
  const args = checked(settings.get(KERNEL_ARGS), checkArgs, report);
  if (!settings.has(KERNEL))
    report.error('required', first, `needs the annotation ${KERNEL} beside it`);
  if (kernel === undefined) return undefined;
  const source = {
    kind: 'files',
    kernelPath: kernel,
    ...(initrd !== undefined && { initrdPath: initrd }),
  } as const;
  return { source, kernelArgs: args ?? '' };
}

function checkImagePath(path: string): string | undefined {
  if (path === '') return 'must not be empty';
  if (path.startsWith('/'))
    return `${quoted(path)} must be relative: it is a file of the image directory`;
  return checkInnerPath(path);
}

function checked(
  found: Found<string> | undefined,
  check: (value: string) => string | undefined,
  report: Report,
): string | undefined {
  if (found === undefined) return undefined;
  const message = check(found.value);
  if (message === undefined) return found.value;
  report.error('invalid-value', found, message);
  return undefined;
}
