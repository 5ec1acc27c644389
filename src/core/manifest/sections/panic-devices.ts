/**
 * `devices.panicDevices`: how a guest tells that its kernel panicked. Unlike KubeVirt, one is there by
 * default, because without it a panic looks like a hang; an annotation turns it off.
 */
import type { PanicDeviceModel } from '../../model/machine.ts';
import { quoted } from '../field-path.ts';
import { type Found, oneOf, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import type { Report } from '../report.ts';
import { type HostSettings, PANIC_DEVICE, PANIC_DUMPS } from './annotations.ts';

const DEFAULT_DEVICES: readonly PanicDeviceModel[] = ['pvpanic'];
/** Without a model KubeVirt leaves the choice to libvirt, which takes the ISA device on x86. */
const DEFAULT_MODEL: PanicDeviceModel = 'isa';

export const PANIC_DEVICE_FIELDS = object({
  type: 'PanicDevice',
  fields: {
    model: oneOf<PanicDeviceModel>(['pvpanic', 'isa'], {
      refused: { hyperv: 'this panic device is not supported by this version of solovirt' },
    }),
  },
});

type Devices = readonly Found<ValueOf<typeof PANIC_DEVICE_FIELDS>>[];

export function resolvePanicDevices(
  devices: Devices,
  settings: HostSettings,
  report: Report,
): readonly PanicDeviceModel[] {
  const off = settings.get(PANIC_DEVICE);
  if (off && off.value !== 'none')
    report.error(
      'invalid-value',
      off,
      `${quoted(off.value)}: expected none, which leaves the panic device out`,
    );
  if (devices.length === 0) return off ? [] : DEFAULT_DEVICES;
  const models: PanicDeviceModel[] = [];
  for (const device of devices) {
    const model = device.value.get.model?.value ?? DEFAULT_MODEL;
    if (models.includes(model))
      report.error(
        'duplicate-name',
        device,
        `there already is a panic device of the model ${model}`,
      );
    else models.push(model);
  }
  return models;
}

/** As many as there are runs whose files are kept. */
const MOST_DUMPS = 3;

/** The annotation `solovirt.io/panic-dumps`. */
export function resolvePanicDumps(
  settings: HostSettings,
  devices: readonly PanicDeviceModel[],
  report: Report,
): number | undefined {
  const found = settings.get(PANIC_DUMPS);
  if (found === undefined) return undefined;
  const count = Number(found.value);
  if (!/^\d+$/.test(found.value) || count < 1 || count > MOST_DUMPS) {
    report.error('invalid-value', found, `${quoted(found.value)}: expected 1 to ${MOST_DUMPS}`);
    return undefined;
  }
  if (devices.length > 0) return count;
  report.error('mutually-exclusive', found, 'without a panic device no panic is noticed');
  return undefined;
}
