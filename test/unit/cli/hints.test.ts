import { expect, test } from 'vitest';
import type { VmObject } from '../../../src/api/contract.ts';
import { type Refused, refusalHint } from '../../../src/cli/hints.ts';
import { ago, instance, PROBLEM, running, vmObject } from './objects.ts';

const up = vmObject('web', { status: running('i1') });
const down = vmObject('web');
const stopping = vmObject('web', {
  status: {
    printableStatus: 'Stopping',
    instance: instance('i1', {
      stop: {
        initiator: 'command',
        since: ago(1),
        gracePeriodSeconds: 30,
        deadline: ago(-29),
      },
    }),
  },
});
const paused = vmObject('web', { status: { ...running('i1'), printableStatus: 'Paused' } });
const invalid = vmObject('web', {
  status: { printableStatus: 'Invalid', problems: [PROBLEM] },
});

/** Every refusal that the daemon has, and what a first-time user is told to do next. */
const ROWS: readonly (readonly [Refused, string, VmObject, RegExp])[] = [
  ['start', 'VM is already running', up, /^Nothing to do\. .*`solovirt restart web`/],
  ['start', 'VM is already running', paused, /`solovirt unpause web`/],
  ['start', 'VM is already running', stopping, /queued already/],
  ['start', 'VM is being deleted', stopping, /put it back/],
  ['stop', 'VM is being deleted', stopping, /put it back/],
  ['start', 'solovirt is draining: nothing is started before', down, /`solovirt drain --cancel`/],
  ['start', 'VM web has never been valid: /x has problems', invalid, /`solovirt describe web`/],
  ['stop', 'VM is not running', down, /^Nothing to do: it is Stopped/],
  ['stop', 'Halted only supports manual stop requests with a', stopping, /--grace-period 5/],
  [
    'stop',
    'this command must write runStrategy: Halted into /x, which has problems',
    up,
    /describe/,
  ],
  ['stop', 'the VM file cannot be read at present, and this', up, /`solovirt info`/],
  ['stop', 'the run strategy could not be written, so nothing', up, /once it can be written/],
  ['restart', 'VM is not running', down, /`solovirt start web` starts it/],
  ['pause', 'VM is not running', down, /`solovirt start web --paused`/],
  ['pause', 'VMI is already paused', paused, /^Nothing to do/],
  ['unpause', 'VMI is not paused', up, /^Nothing to do/],
  ['pause', 'VM is not running yet', up, /`solovirt list --watch`/],
  ['reset', 'VM is being stopped', stopping, /`solovirt start web` starts it again/],
  ['reset', 'QEMU does not answer its monitor', up, /`solovirt stop web --force` ends it/],
  ['softreboot', 'a soft reboot is under way', up, /`solovirt reset web`/],
  ['softreboot', 'VMI does not have the ACPI feature enabled', up, /`solovirt reset web`/],
  ['softreboot', 'VMI is paused', paused, /`solovirt unpause web` first/],
  [
    'softreboot',
    'the file systems of the VMI are frozen: unfreeze it first',
    up,
    /`solovirt unfreeze web`/,
  ],
  ['reach', 'VMI is not running', down, /It is Stopped: `solovirt start web` starts it/],
  ['reach', 'VMI is paused', paused, /`solovirt unpause web` first/],
  ['reach', 'VMI does not have guest agent connected: no', up, /`solovirt console web`/],
  ['reach', 'No serial consoles are present.', up, /`solovirt screenshot web FILE`/],
  ['reach', 'No graphics devices are present.', up, /`solovirt console web`/],
  ['reach', 'the VM has no network interface, so none', up, /`solovirt edit web` adds one/],
  [
    'reach',
    'port 22 of web was not reached: the guest refused the connection: nothing listens on that port',
    up,
    /`solovirt logs web`/,
  ],
  ['reach', 'the VNC session is in use, and', up, /Without --preserve-session/],
  [
    'reach',
    'the instance of web was started by a solovirt that gave it no socket',
    up,
    /restart web/,
  ],
];

test.for(ROWS)('%s refused with "%s" says what to do next', ([verb, words, vm, hint]) => {
  expect(refusalHint(verb, vm, words)).toMatch(hint);
});

test.for([
  [vmObject('web', { spec: { runStrategy: 'Halted' } }), /`solovirt start web`/],
  [vmObject('web', { spec: { runStrategy: 'Once' } }), /runStrategy: Manual/],
] as const)('a strategy that knows no restart says what does', ([vm, hint]) => {
  const words = 'RunStrategy does not support manual restart requests';
  expect(refusalHint('restart', vm, words)).toMatch(hint);
});
