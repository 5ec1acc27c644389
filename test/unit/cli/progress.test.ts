import { expect, test } from 'vitest';
import type { VmStatus } from '../../../src/api/contract.ts';
import { judgeDown, judgeUp, stateBefore } from '../../../src/cli/progress.ts';
import { ago, instance, run, running, vmObject } from './objects.ts';

type Status = Partial<VmStatus> | 'gone';
type Row = readonly [
  what: string,
  before: Partial<VmStatus>,
  after: Status,
  state: string,
  words?: string,
];

const { runningAt: _, ...launchFailed } = run('new', 'LaunchFailed');
const shortRun = run('new', 'GuestShutdown', { runningAt: ago(3), endedAt: ago(2.6) });
const oldRun = run('old', 'StoppedByCommand');

const UP: readonly Row[] = [
  ['nothing yet', {}, {}, 'pending'],
  ['the old instance runs on', running('old'), running('old'), 'pending'],
  ['the old instance ended', running('old'), { runHistory: [oldRun] }, 'pending'],
  ['earlier runs do not count', { runHistory: [oldRun] }, { runHistory: [oldRun] }, 'pending'],
  ['a new instance is coming up', {}, running('new', { phase: 'Scheduled' }), 'pending'],
  ['a new instance runs', running('old'), running('new'), 'done', 'demo is running after 1.5 s'],
  [
    'a new instance runs and is not ready',
    {},
    {
      ...running('new'),
      conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: null }],
    },
    'pending',
  ],
  [
    'a new instance is up and paused',
    {},
    { printableStatus: 'Paused', instance: instance('new') },
    'done',
    'demo is up and paused after 1.5 s',
  ],
  [
    'it never came up',
    {},
    { runHistory: [launchFailed] },
    'failed',
    'demo did not start: failed to launch',
  ],
  [
    'it came up and failed, and the next is on its way',
    { runHistory: [oldRun] },
    { ...running('newer'), runHistory: [run('new', 'GuestPanicked'), oldRun] },
    'failed',
    'demo ran for 58.0 s and failed: panicked',
  ],
  [
    'it came up and is done already',
    {},
    { runHistory: [shortRun] },
    'done',
    'demo ran for 0.4 s and ended: guest shut down',
  ],
  ['its file was removed', {}, 'gone', 'failed', 'the VM is gone: its file was removed'],
];

const DOWN: readonly Row[] = [
  ['still there', running('old'), running('old'), 'pending'],
  [
    'ended',
    running('old'),
    { runHistory: [oldRun] },
    'done',
    'demo stopped: guest shut down on command after 1.5 s',
  ],
  [
    'ended, and somebody started it again',
    running('old'),
    { ...running('new'), runHistory: [oldRun] },
    'done',
    'demo stopped: guest shut down on command after 1.5 s',
  ],
  ['was down', {}, {}, 'done', 'demo is stopped'],
  ['was down, but a start slipped in', {}, running('new'), 'pending'],
  ['its file was removed', running('old'), 'gone', 'done', 'stopped; the VM is gone'],
];

function judge(judgement: typeof judgeUp, [, before, after]: Row) {
  const now = after === 'gone' ? undefined : vmObject('demo', { status: after });
  return judgement(stateBefore(vmObject('demo', { status: before })), now, 1500);
}

test.for(UP)('waiting for an instance: %s', (row) => {
  const [, , , state, message] = row;
  expect(judge(judgeUp, row)).toMatchObject({ state, ...(message !== undefined && { message }) });
});

test.for(DOWN)('waiting for the end: %s', (row) => {
  const [, , , state, message] = row;
  expect(judge(judgeDown, row)).toMatchObject({ state, ...(message !== undefined && { message }) });
});
