/**
 * Goes through the first hour of a new user, with a whole Debian, and writes down what the terminal shows:
 *
 *     sh images/build debian && npm run transcript:first-hour        rewrites docs/first-hour.md (minutes; needs root)
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { GUIDE, type GuideStep, playGuide } from '../test/system-guest/first-hour.ts';
import { plain } from './lib/terminal-text.ts';

const PAGE = resolve(import.meta.dirname, '../docs/first-hour.md');

const HEAD = `# The first hour

From nothing to a Debian server with a disk that stays and a login over SSH, in six commands; then what one does with a
server. The host is a Debian 12 or 13, and you are root on it. What is shown is what a terminal showed: the record was made
on an emulated processor with an image of Debian 12, so that everything took some ten times as long as it does with KVM. Written by
\`npm run transcript:first-hour\`, and replayed by a test; do not edit.`;

const TAIL = `## What else

- **The host reboots.** A guest is asked to shut down first, and comes up again with the host when its file says \`Always\`; one that was
  stopped stays down. A guest whose kernel panics, or whose QEMU is killed, is started again at once, and then ever more slowly:
  [run strategies](run-strategies.md) has the whole table, [verdicts](verdicts.md) how an end is judged.
- **The daemon is restarted, or upgraded.** Guests run on: [systemd](systemd.md).
- **Another VM.** Copy the file and change the names \`debian\` in it, and the port; or begin with \`solovirt create vm --help\`.
  Every field is on the page [manifests](manifests.md), and in \`solovirt explain vm.spec.template.spec\`.
- **Other images.** \`solovirt images pull\` gets [disks that are container images](images.md), and so does a start; a guest that begins
  anew each time has one of them as a \`containerDisk\`.
- **Keys and passwords** that stand in no manifest: [access credentials](manifests.md#access-credentials).
- **An address of its own** in the network of the host: [networks](networks.md).
- **A port for others.** \`0.0.0.0:2222:22\` is one on every address of the host: [ports](manifests.md#ports-of-the-host).
- **Who else may do this.** \`adduser alice solovirt\`; [security](security.md) says what that means.
`;

const said = new Map<GuideStep, string>();
await playGuide((step, { text }) => {
  said.set(step, plain(text));
  process.stdout.write(`$ ${step.line}\n${text}`);
});

const blocks = GUIDE.flatMap((step) => [
  ...(step.heading === undefined ? [] : [`## ${step.heading}`]),
  ...(step.words === '' ? [] : [step.words]),
  ['```console', `$ ${step.line}`, said.get(step) ?? '', '```'].filter((l) => l !== '').join('\n'),
]);
writeFileSync(PAGE, `${[HEAD, ...blocks, TAIL].join('\n\n')}`);
