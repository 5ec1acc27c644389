/**
 * The first hour with solovirt: from nothing to a Debian server with a disk that stays, as commands and what has to be seen before
 * the next one is typed. docs/first-hour.md is its record, written by `npm run transcript:first-hour`.
 */
import {
  chmodSync,
  cpSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { freePort } from '../e2e/agent-guest.ts';
import { World } from '../e2e/daemon-harness.ts';
import { play, type Said, Shell, type Step } from '../e2e/session.ts';
import { imagesDir } from '../support/guests.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../packaging/examples');
/** Where the example has its image from. */
const CLOUD_IMAGE = /https:\/\/cloud\.debian\.org\/\S+\.qcow2/;
/** Of a start under emulation, on a busy host. */
const START_MS = 900_000;
const LOGIN_MS = 120_000;

export interface GuideStep extends Step {
  /** A heading of the page before it. */
  readonly heading?: string;
  /** It is about the host's packages and services, and test/system/package.test.ts does the like on a host of its own. */
  readonly onHost?: true;
}

export const GUIDE: readonly GuideStep[] = [
  {
    heading: 'From nothing to a server',
    words:
      'Install the [package](install.md). The daemon runs from then on, as a user of its own and without privileges; it has nothing to do yet.',
    line: 'apt install ./solovirt_*_amd64.deb',
    onHost: true,
  },
  {
    words: 'A key to log in with, unless you have one:',
    line: "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519",
  },
  {
    words:
      'A VM is a file. This one comes with the package: a Debian with 1 GiB of memory and a disk of 20 GiB, whose port 22 is port 2222 of this host. [cloud-init](manifests.md#cloud-init) in it is given your key.',
    line: 'sed "s|ssh-ed25519 AAAA.*|$(cat ~/.ssh/id_ed25519.pub)|" /usr/share/doc/solovirt/examples/debian.yaml >debian.yaml',
  },
  {
    words:
      'Hand it over. It is checked, field by field, and is a file of `/etc/solovirt/vms` from now on; saving it there yourself does the same.',
    line: 'solovirt apply -f debian.yaml',
    says: /VM debian created/,
  },
  {
    words:
      'Start it. Its disk is downloaded first, once (`solovirt list` says how far it is), then it boots, and the command returns when its SSH server answers.',
    line: 'solovirt start debian --wait=15m',
    says: /debian is running/,
    limitMs: START_MS,
  },
  {
    words: 'That is all.',
    line: "ssh -p 2222 -o StrictHostKeyChecking=accept-new debian@127.0.0.1 'uname -n; df -h / | tail -n 1'",
    says: /^debian\n.*\b(19|20)G\b/m,
    limitMs: LOGIN_MS,
  },
  {
    heading: 'Look at it',
    words: 'What runs, and everything about one VM:',
    line: 'solovirt list',
    says: /debian +Running +Always/,
  },
  { words: '', line: 'solovirt describe debian', says: /Conditions/ },
  {
    words:
      'What its serial console said. `solovirt console debian` is the console itself (Ctrl-] leaves), `solovirt top` what each guest uses, and `solovirt ssh debian@debian` needs neither port nor address.',
    line: 'solovirt logs debian --tail 3',
    says: /\S/,
  },
  {
    heading: 'Change it, restart it',
    words: 'Something to find again:',
    line: "ssh -p 2222 debian@127.0.0.1 'echo written on the first day >note'",
    limitMs: LOGIN_MS,
  },
  {
    words: 'Half a gigabyte more. Edit the file, with `solovirt edit debian` or like this:',
    line: "sed -i 's/guest: 1Gi/guest: 1536Mi/' /etc/solovirt/vms/debian.yaml",
    until: (world) =>
      world.until(
        'debian',
        'is to be restarted',
        (vm) => vm?.status.conditions?.some(({ type }) => type === 'RestartRequired') === true,
      ),
  },
  {
    words: 'Nothing happens to the guest that runs; what differs is told.',
    line: 'solovirt describe debian | grep RestartRequired',
    says: /spec\.template\.spec\.domain\.memory\.guest/,
  },
  {
    words: 'A restart asks the guest to shut down, waits for it, and starts it from its file.',
    line: 'solovirt restart debian --wait=15m',
    says: /debian is running/,
    limitMs: START_MS,
  },
  {
    words: 'The memory is new, the disk is the old one:',
    line: "ssh -p 2222 debian@127.0.0.1 'free -m | head -n 2; cat note'",
    says: /Mem: +1[34]\d\d[\s\S]*written on the first day/,
    limitMs: LOGIN_MS,
  },
  {
    words: 'How its runs ended:',
    line: 'solovirt runs debian',
    says: /StoppedByCommand/,
  },
  {
    heading: 'Stop it',
    words:
      'The guest is asked to shut down, and forced off when it is not down after `terminationGracePeriodSeconds`. The file says so afterwards, so that it stays down.',
    line: 'solovirt stop debian --wait=5m',
    says: /debian stopped: guest shut down on command/,
    limitMs: START_MS,
  },
  {
    words: '',
    line: 'grep runStrategy /etc/solovirt/vms/debian.yaml',
    says: /Halted/,
  },
  {
    words:
      'And away with the VM. Its disk is yours: nothing deletes it but you, and a VM that names it finds it again.',
    line: 'solovirt delete debian',
    says: /debian/,
    until: (world) => world.until('debian', 'is gone', (vm) => vm === undefined),
  },
  {
    words: '',
    line: 'ls /var/lib/solovirt/images/_claims/default',
    says: /^debian\.qcow2$/m,
  },
];

/** The image of images/build, served in place of Debian's own. */
async function serveImage(): Promise<{ readonly url: string } & AsyncDisposable> {
  const file = join(imagesDir, 'debian/latest.qcow2');
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': statSync(file).size });
    pipeline(createReadStream(file), response).catch(() => undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/debian.qcow2`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** ssh looks into the home of the user's entry in passwd(5), whatever HOME is. */
function writeSshOf(home: string): void {
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  const own = `-F none -i '${home}/.ssh/id_ed25519' -o UserKnownHostsFile='${home}/.ssh/known_hosts'`;
  const program = `#!/bin/sh\nunset SSH_AUTH_SOCK\nPATH=\${PATH#*:} exec ssh ${own} "$@"\n`;
  writeFileSync(join(home, 'bin/ssh'), program, { mode: 0o755 });
}

/** Goes through the guide, in a world with an image directory of its own. */
export async function playGuide(onStep: (step: GuideStep, said: Said) => void): Promise<void> {
  await using server = await serveImage();
  const images = mkdtempSync(join(tmpdir(), 'first-hour-'));
  // Guests have users of their own, who must get through.
  chmodSync(images, 0o711);
  try {
    await using world = await World.start({ images });
    await playIn(world, server.url, onStep);
  } finally {
    rmSync(images, { recursive: true, force: true });
  }
}

async function playIn(
  world: World,
  url: string,
  onStep: (step: GuideStep, said: Said) => void,
): Promise<void> {
  const port = String(await freePort());
  const examples = join(world.dir, 'examples');
  cpSync(EXAMPLES, examples, { recursive: true });
  const file = join(examples, 'debian.yaml');
  const text = readFileSync(file, 'utf8').replace(CLOUD_IMAGE, url).replaceAll('2222', port);
  writeFileSync(file, text);
  const shell = new Shell(world, [
    ['/usr/share/doc/solovirt/examples', examples],
    ['/var/lib/solovirt/images', world.images],
    ['2222', port],
  ]);
  writeSshOf(shell.home);
  const steps = GUIDE.filter(({ onHost }) => onHost === undefined);
  await play(world, onStep, steps, shell);
}
