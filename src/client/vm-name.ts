/**
 * How scripts name a VM.
 */
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import { NameError } from './errors.ts';

/** `demo`, `prod/demo`, or the parts. */
export type VmName = string | VmIdentity;

const DEFAULT_NAMESPACE = 'default';

/** @throws NameError */
export function toIdentity(vm: VmName): VmIdentity {
  if (typeof vm !== 'string') return { namespace: vm.namespace, name: vm.name };
  const [first = '', second, ...more] = vm.split('/');
  const identity =
    second === undefined
      ? { namespace: DEFAULT_NAMESPACE, name: first }
      : { namespace: first, name: second };
  if (more.length > 0 || identity.name === '' || identity.namespace === '')
    throw new NameError(`${JSON.stringify(vm)} is no VM name`, {
      hint: 'Write NAME or NAMESPACE/NAME.',
    });
  return identity;
}
