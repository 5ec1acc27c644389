import { expect, test } from 'vitest';
import { roffOf } from '../../../scripts/lib/roff.ts';

const pages = new Map([['verdicts.md', 'solovirt-verdicts(7)']]);

const cases: readonly (readonly [string, string, string])[] = [
  ['a paragraph', 'Some *words* and **more**.', 'Some \\fIwords\\fP and \\fBmore\\fP.\n'],
  [
    'literal text',
    'Use `--wait`, `<name>` and `\\`.',
    'Use \\fB\\-\\-wait\\fP, \\fB<name>\\fP and \\fB\\e\\fP.\n',
  ],
  ['a line that looks like a macro', "a\n.b\n'c", "a\n\\&.b\n\\&'c\n"],
  ['the title of the page', '# Page\n\ntext', 'text\n'],
  [
    'sections',
    '## Exit `codes`\n\ntext\n\n### More "so"',
    '.SH "EXIT CODES"\ntext\n.SS "More \\(dqso\\(dq"\n',
  ],
  [
    'links',
    '[ends](verdicts.md#x), [here](#y), [there](http://a-b/)',
    'ends (solovirt\\-verdicts(7)), here, there <http://a\\-b/>\n',
  ],
  [
    'code',
    '## A\n\n```\nsolovirt -n x\n\n.y\n```',
    '.SH "A"\n.RS 4\n.nf\nsolovirt \\-n x\n\n\\&.y\n.fi\n.RE\n',
  ],
  [
    'a list',
    '- one\n- two\n\n  still two',
    '.IP \\(bu 3\none\n.IP \\(bu 3\ntwo\n.RS 3\n.PP\nstill two\n.RE\n',
  ],
  ['a table of two columns', '| a | b |\n|---|---|\n| `x` | y \\| z |', '.TP\n\\fBx\\fP\ny | z\n'],
  [
    'a table of more',
    '| a | b | c |\n|---|---|---|\n| `x` | y | z |\n| v | | w |',
    '.TP\n\\fBx\\fP\nb: y\n.br\nc: z\n.TP\nv\nc: w\n',
  ],
];

test.for(cases)('%s', ([, markdown, roff]) => {
  expect(roffOf(markdown, pages)).toBe(roff);
});

test('what a manual page has no form for is refused', () => {
  expect(() => roffOf('![picture](x.png)', pages)).toThrow('no form for image');
});
