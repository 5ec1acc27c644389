/**
 * `domain.devices`: the table of everything a guest can be given. A new device is a row here and a file
 * beside this one.
 */
import { flag, list, only, type ValueOf } from '../fields.ts';
import { object } from '../object-fields.ts';
import { DISK } from './disks.ts';
import { INPUT, VIDEO } from './display.ts';
import { FILESYSTEM } from './filesystems.ts';
import { INTERFACE } from './interfaces.ts';
import { PANIC_DEVICE_FIELDS } from './panic-devices.ts';
import { TPM } from './tpm.ts';
import { WATCHDOG } from './watchdog.ts';

export const DEVICES = object({
  type: 'Devices',
  fields: {
    disks: list(DISK),
    interfaces: list(INTERFACE),
    filesystems: list(FILESYSTEM),
    rng: object({ type: 'Rng', fields: {} }),
    watchdog: WATCHDOG,
    tpm: TPM,
    video: VIDEO,
    inputs: list(INPUT),
    panicDevices: list(PANIC_DEVICE_FIELDS),
    autoattachGraphicsDevice: flag,
    autoattachSerialConsole: flag,
    autoattachMemBalloon: flag,
    autoattachInputDevice: flag,
    autoattachPodInterface: flag,
    autoattachVSOCK: flag,
    blockMultiQueue: flag,
    disableHotplug: only(false),
    networkInterfaceMultiqueue: only(false),
    useVirtioTransitional: only(false),
  },
  marks: ['rng', 'tpm', 'watchdog'],
});

export type DeviceFields = ValueOf<typeof DEVICES>['get'];
