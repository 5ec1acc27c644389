/** The page docs/compatibility.md, from the rows of the code. */
import { HOST_STANDING, SUBRESOURCE_STANDING, VERB_STANDING } from '../../src/api/compatibility.ts';
import type { Standing } from '../../src/api/compatibility-standing.ts';
import { STATUS_STANDING } from '../../src/api/compatibility-status.ts';
import { VM_STATUS } from '../../src/api/contract-schema.ts';
import { INSTANCE_STATUS } from '../../src/api/contract-schema-instance.ts';
import { KUBEVIRT_GROUP, RESOURCES } from '../../src/api/resources.ts';
import type { ObjectType } from '../../src/core/schema/schema.ts';

type Row = readonly [what: string, standing: Standing];

const WORDS = {
  works: 'works',
  differs: 'differs',
  'not-here': 'not on one host',
  'not-yet': 'not yet',
} as const;

const HEAD = `<!-- Written by "npm run generate" from src/api/compatibility*.ts. -->
# Compatibility with KubeVirt's API

What of KubeVirt 1.9's API works on the [socket](api.md), row by row. The rows are those of the program: the refusals are made from
them, and tests hold them against its routes and its types.

| standing | meaning |
|---|---|
| works | as in KubeVirt |
| differs | answered, with the difference that is named |
| not on one host | a single host has nothing like it. Verbs and subresources are answered with 405 and a \`Status\` that says why; fields are absent |
| not yet | it could be there, and is not. Verbs are answered with 405, subresources with 501 and a \`Status\` that says what to do instead; fields are absent |

Fields of the manifests are on a page of their own: [manifests](manifests.md). Everything works under \`kubevirt.io/v1\` and
\`v1alpha3\`. KubeVirt's other kinds (migrations, snapshots, instance types, pools and so on) are not there, and their paths are answered
with 404; what there is of Kubernetes itself stands [below](#other-kinds).
`;

export function compatibilityPage(): string {
  return [
    HEAD,
    section('Verbs on virtualmachines', 'verb', verbs('virtualmachines')),
    section('Verbs on virtualmachineinstances', 'verb', verbs('virtualmachineinstances')),
    section(
      'Subresources',
      'method and path',
      SUBRESOURCE_STANDING.map(({ method, path, standing }) => [
        `${method} \`${shownPath(path)}\``,
        standing,
      ]),
      'Below `/apis/subresources.kubevirt.io/v1/namespaces/NS`. What works below `virtualmachineinstances` answers below `virtualmachines`, too.',
    ),
    section(
      'Paths of the whole API',
      'method and path',
      HOST_STANDING.map(({ method, path, standing }) => [`${method} \`${path}\``, standing]),
      'Below `/apis/subresources.kubevirt.io/v1`.',
    ),
    statusSection('Status of a VirtualMachine', 'VirtualMachineStatus', VM_STATUS),
    statusSection(
      'Status of a VirtualMachineInstance',
      'VirtualMachineInstanceStatus',
      INSTANCE_STATUS,
    ),
    otherKinds(),
  ].join('\n');
}

/** What clients of KubeVirt need of Kubernetes. */
function otherKinds(): string {
  const rows = RESOURCES.filter(({ group }) => group !== KUBEVIRT_GROUP).map(
    ({ group, versions, kind, verbs: told }) =>
      `| \`${group === '' ? '' : `${group}/`}${versions.join('`, `')}\` | ${kind} | ${told.join(', ')} |`,
  );
  return ['## Other kinds', '', '| version | kind | verbs |', '|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

function verbs(plural: keyof typeof VERB_STANDING): readonly Row[] {
  return Object.entries(VERB_STANDING[plural]);
}

function statusSection(
  title: string,
  name: keyof typeof STATUS_STANDING,
  type: ObjectType,
): string {
  const rows = Object.entries(STATUS_STANDING[name]).map(
    ([field, standing]): Row => [`\`${field}\``, standing],
  );
  const own = Object.entries(type.fields).filter(([, { note }]) => note === 'own');
  const added = own.map(([field, { description }]) => `| \`${field}\` | ${description} |`);
  const table = [
    '',
    "solovirt's own, in addition:",
    '',
    '| field | meaning |',
    '|---|---|',
    ...added,
    '',
  ];
  return section(title, 'field', rows) + (own.length === 0 ? '' : table.join('\n'));
}

function section(title: string, what: string, rows: readonly Row[], intro?: string): string {
  return [
    `## ${title}`,
    '',
    ...(intro === undefined ? [] : [intro, '']),
    `| ${what} | standing | |`,
    '|---|---|---|',
    ...rows.map(([name, standing]) => `| ${name} | ${WORDS[standing.is]} | ${remark(standing)} |`),
    '',
  ].join('\n');
}

function remark(standing: Standing): string {
  switch (standing.is) {
    case 'works':
      return '';
    case 'differs':
      return standing.how;
    case 'not-here':
    case 'not-yet':
      return standing.why;
  }
}

function shownPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => name.toUpperCase());
}
