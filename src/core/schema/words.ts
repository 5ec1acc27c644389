/**
 * What each type and each field that a file may hold means, in our own words. The compiler asks for every type of
 * `manifest/kubevirt-fields.ts`, and a test for every field that is read and for nothing else.
 */
import type { KubeVirtType } from '../manifest/kubevirt-fields.ts';
import type { TypeWords } from './type-words.ts';
import { ACCESS_WORDS } from './words-access.ts';
import { CORE_WORDS } from './words-core.ts';
import { DEVICE_WORDS } from './words-devices.ts';
import { MACHINE_WORDS } from './words-machine.ts';
import { NETWORK_WORDS } from './words-networks.ts';
import { OBJECT_WORDS } from './words-objects.ts';
import { PROBE_WORDS } from './words-probes.ts';
import { VOLUME_WORDS } from './words-volumes.ts';

export const WORDS: Readonly<Record<KubeVirtType, TypeWords>> = {
  ...OBJECT_WORDS,
  ...MACHINE_WORDS,
  ...DEVICE_WORDS,
  ...VOLUME_WORDS,
  ...CORE_WORDS,
  ...PROBE_WORDS,
  ...ACCESS_WORDS,
  ...NETWORK_WORDS,
};
