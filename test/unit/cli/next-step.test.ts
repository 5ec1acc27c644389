import { expect, test } from 'vitest';
import type { VmObject } from '../../../src/api/contract.ts';
import { nextStep } from '../../../src/cli/format/next-step.ts';
import type { VerdictReason } from '../../../src/core/model/verdict.ts';
import { ago, instance, PROBLEM, run, running, vmObject } from './objects.ts';

function ended(status: 'Stopped' | 'CrashLoopBackOff', reason: VerdictReason): VmObject {
  return vmObject('web', { status: { printableStatus: status, runHistory: [run('r1', reason)] } });
}

const CASES: readonly (readonly [string, VmObject, string | undefined])[] = [
  ['runs', vmObject('web', { status: running('i1') }), undefined],
  [
    'runs with an older spec',
    vmObject('web', {
      status: {
        ...running('i1'),
        conditions: [{ type: 'RestartRequired', status: 'True', lastTransitionTime: null }],
      },
    }),
    '`solovirt restart web` makes the changes of its file take effect',
  ],
  [
    'is frozen',
    vmObject('web', {
      status: { ...running('i1'), instance: instance('i1', { frozen: { since: ago(1) } }) },
    }),
    '`solovirt unfreeze web` thaws its file systems',
  ],
  [
    'has a QEMU that hangs',
    vmObject('web', {
      status: {
        ...running('i1'),
        conditions: [{ type: 'MonitorUnresponsive', status: 'True', lastTransitionTime: null }],
      },
    }),
    'its QEMU is busy or hangs: wait, or `solovirt stop web --force` ends it',
  ],
  [
    'has a broken file, whatever else',
    vmObject('web', { status: { ...running('i1'), problems: [PROBLEM] } }),
    'correct /etc/solovirt/vms/web.yaml:3:5 and save it (see Problems)',
  ],
  [
    'is paused',
    vmObject('prod', { namespace: 'ns', status: { printableStatus: 'Paused' } }),
    '`solovirt unpause ns/prod` lets it go on',
  ],
  ['was shut down', ended('Stopped', 'GuestShutdown'), '`solovirt start web` starts it'],
  [
    'is halted',
    vmObject('web', { spec: { running: false } }),
    '`solovirt start web` starts it and writes runStrategy: Always',
  ],
  [
    'panics again and again',
    ended('CrashLoopBackOff', 'GuestPanicked'),
    'read what it said last: below, or `solovirt logs web`; `solovirt start web` tries at once',
  ],
  [
    'failed to launch',
    ended('Stopped', 'LaunchFailed'),
    'mend what the verdict below names, in the file or on the host; `solovirt start web` starts it',
  ],
  [
    'ended for a reason of a newer daemon',
    ended('Stopped', 'SomethingNew' as VerdictReason),
    '`solovirt start web` starts it',
  ],
];

test.for(CASES)('a VM that %s', ([, vm, step]) => {
  expect(nextStep(vm)).toBe(step);
});
