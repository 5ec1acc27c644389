/** Words for the probes of a guest. */
import type { TypeWords } from './type-words.ts';

export const PROBE_WORDS = {
  Probe: {
    about:
      'A check that is made again and again while the guest runs. Exactly one of exec, httpGet, tcpSocket and guestAgentPing is there. It rests while the guest is paused, frozen or reboots softly.',
    fields: {
      exec: 'Runs a program in the guest, through its agent.',
      httpGet: 'Asks a web server in the guest.',
      tcpSocket: 'Connects to a TCP port of the guest.',
      guestAgentPing: 'Asks the guest agent whether it is there.',
      initialDelaySeconds: {
        text: 'Seconds after the start of the guest before the first check.',
        default: 0,
      },
      periodSeconds: { text: 'Seconds from one check to the next.', default: 10 },
      timeoutSeconds: {
        text: 'Seconds that a check may take before it counts as failed. Checks through the agent get one more.',
        default: 1,
      },
      successThreshold: {
        text: 'Successes in a row that count. 1 for a liveness probe.',
        default: 1,
      },
      failureThreshold: { text: 'Failures in a row that count.', default: 3 },
    },
  },
  ExecAction: {
    about: 'A program that says by its exit code whether all is well: 0 is success.',
    fields: {
      command:
        'The program and its arguments, one item each. No shell is between; its output is not looked at.',
    },
  },
  HTTPGetAction: {
    about: 'An HTTP request. A status from 200 to 399 is success; redirections are not followed.',
    fields: {
      port: 'The port of the web server in the guest.',
      path: { text: 'The path of the URL, with its query.', default: '/' },
      scheme: { text: 'HTTP or HTTPS. Certificates are not checked.', default: 'HTTP' },
      httpHeaders: 'Headers of the request; Host, for example.',
    },
  },
  HTTPHeader: {
    about: 'A header of a request.',
    fields: { name: 'Its name.', value: 'Its value.' },
  },
  TCPSocketAction: {
    about: 'A connection that the guest accepts.',
    fields: { port: 'The port of the guest.' },
  },
  GuestAgentPing: { about: 'Nothing has to be said about it.', fields: {} },
} as const satisfies Record<string, TypeWords>;
