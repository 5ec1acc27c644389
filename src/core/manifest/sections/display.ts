/** `devices.video` and `devices.inputs`: what a person at the display uses. */
import type { InputSpec, VideoType } from '../../model/machine.ts';
import { type Found, oneOf, text, type ValueOf } from '../fields.ts';
import { checkDnsLabel, DNS_LABEL } from '../names.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { reportDuplicateNames } from './named-items.ts';

const NO_SUCH_DISPLAY = 'this display is not supported by this version of solovirt';

export const VIDEO = object({
  type: 'VideoDevice',
  fields: {
    type: oneOf<VideoType>(['vga', 'bochs', 'cirrus', 'virtio'], {
      refused: { ramfb: NO_SUCH_DISPLAY },
    }),
  },
});

export const INPUT = object({
  type: 'Input',
  fields: {
    name: text(checkDnsLabel, { pattern: DNS_LABEL }),
    type: oneOf(['tablet'], {
      refused: { keyboard: 'KubeVirt has tablets alone, and every PC has a keyboard' },
    }),
    bus: oneOf<InputSpec['bus']>(['usb', 'virtio']),
  },
  required: ['name', 'type'],
});

export function resolveVideo(
  video: Found<ValueOf<typeof VIDEO>> | undefined,
  graphics: boolean,
  report: Report,
): VideoType | undefined {
  const type = video?.value.get.type;
  if (type && !graphics)
    report.error(
      'mutually-exclusive',
      type,
      'there is no display: autoattachGraphicsDevice is false; leave one of the two out',
    );
  return type?.value;
}

/** Undefined when there are none. */
export function resolveInputs(
  inputs: readonly Found<ValueOf<typeof INPUT>>[],
  report: Report,
): readonly InputSpec[] | undefined {
  reportDuplicateNames(inputs, report);
  const found = inputs.map(({ value: { get } }) => ({
    name: get.name?.value ?? '',
    bus: get.bus?.value ?? 'usb',
  }));
  return found.length === 0 ? undefined : found;
}
