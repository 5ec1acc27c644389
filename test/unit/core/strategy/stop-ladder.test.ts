import { describe, expect, test } from 'vitest';
import type { Intent } from '../../../../src/core/model/evidence.ts';
import type { StopRecord } from '../../../../src/core/model/record.ts';
import {
  type LadderFacts,
  type LadderStep,
  nextStep,
  stopUnderWay,
} from '../../../../src/core/strategy/stop-ladder.ts';
import { NOW, stopRecord } from '../../../support/build.ts';

const at = (seconds: number): number => NOW + seconds * 1000;

function facts(change: Partial<LadderFacts> = {}): LadderFacts {
  return {
    stop: stopRecord(),
    awake: true,
    button: true,
    agent: false,
    monitor: true,
    now: NOW,
    ...change,
  };
}

describe('the next step of the stop ladder', () => {
  const rung = (name: 'powerdown' | 'quit' | 'terminate' | 'kill', seconds: number, grace = 30) =>
    stopRecord({ rung: name, rungAt: at(seconds), gracePeriodSeconds: grace });

  const agentAsked = (name: 'agent-shutdown' | 'powerdown', seconds: number) =>
    stopRecord({ rung: name, rungAt: at(seconds), askedAt: at(0), agentAt: at(0) });

  test.for<readonly [string, LadderFacts, LadderStep]>([
    ['just asked', facts(), { kind: 'take', rung: 'powerdown' }],
    [
      'asked, 1 s ago',
      facts({ stop: rung('powerdown', 0), now: at(1) }),
      { kind: 'wait', until: at(5) },
    ],
    [
      'asked, 5 s ago: the button is pressed again',
      facts({ stop: rung('powerdown', 0), now: at(5) }),
      { kind: 'take', rung: 'powerdown' },
    ],
    [
      'the last wait ends with the grace period',
      facts({ stop: rung('powerdown', 25), now: at(26) }),
      { kind: 'wait', until: at(30) },
    ],
    [
      'no daemon was there to ask before the grace period was over: it is asked all the same',
      facts({ now: at(300) }),
      { kind: 'take', rung: 'powerdown' },
    ],
    [
      'asked late: the grace period counts from then',
      facts({ stop: { ...rung('powerdown', 300), askedAt: at(300) }, now: at(304) }),
      { kind: 'wait', until: at(305) },
    ],
    [
      'asked late, and that grace period is over too',
      facts({ stop: { ...rung('powerdown', 329), askedAt: at(300) }, now: at(330) }),
      { kind: 'take', rung: 'quit' },
    ],
    [
      'never asked, for QEMU did not answer: not spared for ever',
      facts({ monitor: false, now: at(30) }),
      { kind: 'take', rung: 'terminate' },
    ],
    [
      'grace period over',
      facts({ stop: rung('powerdown', 25), now: at(30) }),
      { kind: 'take', rung: 'quit' },
    ],
    [
      'told to quit',
      facts({ stop: rung('quit', 30), now: at(31) }),
      { kind: 'wait', until: at(32) },
    ],
    [
      'quit had no effect',
      facts({ stop: rung('quit', 30), now: at(32) }),
      { kind: 'take', rung: 'terminate' },
    ],
    [
      'SIGTERM had no effect',
      facts({ stop: rung('terminate', 32), now: at(34) }),
      { kind: 'take', rung: 'kill' },
    ],
    [
      'SIGKILL takes its time',
      facts({ stop: rung('kill', 34), now: at(35) }),
      { kind: 'wait', until: at(36) },
    ],
    [
      'no grace period',
      facts({ stop: stopRecord({ gracePeriodSeconds: 0 }) }),
      { kind: 'take', rung: 'quit' },
    ],
    [
      'a shorter grace period ends the wait at once',
      facts({ stop: rung('powerdown', 0, 2), now: at(3) }),
      { kind: 'take', rung: 'quit' },
    ],
    [
      'a guest without a power button and without an agent',
      facts({ button: false }),
      { kind: 'take', rung: 'quit' },
    ],
    [
      'a dead guest, whatever its agent said before',
      facts({ awake: false, agent: true }),
      { kind: 'take', rung: 'quit' },
    ],
    ['a guest with an agent', facts({ agent: true }), { kind: 'take', rung: 'agent-shutdown' }],
    [
      'the agent was asked: the button is pressed without waiting for it',
      facts({ agent: true, stop: agentAsked('agent-shutdown', 0) }),
      { kind: 'take', rung: 'powerdown' },
    ],
    [
      'both were asked: the agent not again',
      facts({ agent: true, stop: agentAsked('powerdown', 0), now: at(1) }),
      { kind: 'wait', until: at(5) },
    ],
    [
      'both were asked, 5 s ago',
      facts({ agent: true, stop: agentAsked('powerdown', 0), now: at(5) }),
      { kind: 'take', rung: 'powerdown' },
    ],
    [
      'an agent that comes up late is asked then',
      facts({ agent: true, stop: rung('powerdown', 0), now: at(2) }),
      { kind: 'take', rung: 'agent-shutdown' },
    ],
    [
      'without a power button the agent has the whole grace period, though it goes away meanwhile',
      facts({ button: false, stop: agentAsked('agent-shutdown', 0), now: at(6) }),
      { kind: 'wait', until: at(30) },
    ],
    [
      'and not more',
      facts({ button: false, stop: agentAsked('agent-shutdown', 0), now: at(30) }),
      { kind: 'take', rung: 'quit' },
    ],
    [
      'an agent is not asked once the guest is forced off',
      facts({ agent: true, stop: rung('quit', 0), now: at(1) }),
      { kind: 'wait', until: at(2) },
    ],
    [
      'a paused guest could not be resumed, so its agent is not asked',
      facts({ agent: true, monitor: false }),
      { kind: 'wait', until: at(30) },
    ],
    [
      'QEMU does not answer: its monitor may come back within the grace period',
      facts({ monitor: false }),
      { kind: 'wait', until: at(30) },
    ],
    [
      'QEMU does not answer and the grace period is over',
      facts({ monitor: false, now: at(30) }),
      { kind: 'take', rung: 'terminate' },
    ],
    [
      'a new daemon, long after the deadline',
      facts({ stop: rung('powerdown', 5), now: at(3600) }),
      { kind: 'take', rung: 'quit' },
    ],
    [
      'a new daemon, the old one had sent SIGTERM',
      facts({ stop: rung('terminate', 32), now: at(3600) }),
      { kind: 'take', rung: 'kill' },
    ],
  ])('%s', ([, situation, expected]) => {
    expect(nextStep(situation)).toEqual(expected);
  });
});

describe('the stop that a directory tells of', () => {
  const intent = (action: Intent['action'], seconds: number, grace = 30): Intent => ({
    action,
    initiator: 'command',
    gracePeriodSeconds: grace,
    at: at(seconds),
  });

  test.for<[string, readonly Intent[], StopRecord | undefined]>([
    ['nothing was intended', [], undefined],
    [
      'only marks that are no rungs',
      [intent('host-shutdown', 1), intent('liveness-probe-failed', 2)],
      undefined,
    ],
    [
      'one rung',
      [intent('powerdown', 3)],
      {
        initiator: 'command',
        gracePeriodSeconds: 30,
        since: at(3),
        askedAt: at(3),
        rung: 'powerdown',
        rungAt: at(3),
      },
    ],
    [
      'several: the clock of the first, the grace period and the place of the last',
      [
        intent('powerdown', 3),
        intent('host-shutdown', 4),
        intent('powerdown', 8, 5),
        intent('quit', 9, 5),
      ],
      {
        initiator: 'command',
        gracePeriodSeconds: 5,
        since: at(3),
        askedAt: at(3),
        rung: 'quit',
        rungAt: at(9),
      },
    ],
    [
      'the agent was asked first',
      [intent('agent-shutdown', 2), intent('powerdown', 3)],
      {
        initiator: 'command',
        gracePeriodSeconds: 30,
        since: at(2),
        askedAt: at(2),
        agentAt: at(2),
        rung: 'powerdown',
        rungAt: at(3),
      },
    ],
    [
      'forced from the start: nobody was asked',
      [intent('quit', 3, 0)],
      {
        initiator: 'command',
        gracePeriodSeconds: 0,
        since: at(3),
        rung: 'quit',
        rungAt: at(3),
      },
    ],
  ])('%s', ([, intents, expected]) => {
    expect(stopUnderWay(intents)).toEqual(expected);
  });
});
