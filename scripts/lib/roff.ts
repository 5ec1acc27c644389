/**
 * From Markdown to the macros of man(7). Tables become tagged paragraphs, as manual pages have them: a table is too wide
 * for a terminal.
 */
import { lexer, type Token, type Tokens } from 'marked';

/** Where links to other pages of the documentation lead: `verdicts.md` to `solovirt-verdicts(7)`. */
export type PageNames = ReadonlyMap<string, string>;

/** Headings of the first level are left out: the title of a manual page is its NAME. */
export function roffOf(markdown: string, pages: PageNames): string {
  // A heading begins a paragraph by itself.
  return blocks(lexer(markdown), pages)
    .replaceAll(/^(\.S[HS] .*\n)\.PP\n/gm, '$1')
    .replace(/^\.PP\n/, '');
}

/** A macro with its arguments, each on its own quoted. */
export function macro(name: string, ...words: readonly string[]): string {
  const quoted = words.map((word) => `"${escaped(word).replaceAll('"', '\\(dq')}"`);
  return `${[`.${name}`, ...quoted].join(' ')}\n`;
}

/** Text that stands for itself. */
export function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}

/** Lines none of which is meant to be a macro. */
function lines(text: string): string {
  return text.replaceAll(/^(?=[.'])/gm, '\\&');
}

function blocks(tokens: readonly Token[], pages: PageNames): string {
  return tokens.map((token) => block(token, pages)).join('');
}

function block(token: Token, pages: PageNames): string {
  switch (token.type) {
    case 'heading':
      return heading(token as Tokens.Heading);
    case 'paragraph':
      return `.PP\n${inline((token as Tokens.Paragraph).tokens, pages)}\n`;
    case 'text':
      return `${inline((token as Tokens.Text).tokens ?? [token], pages)}\n`;
    case 'code':
      return `.PP\n.RS 4\n.nf\n${lines(escaped((token as Tokens.Code).text))}\n.fi\n.RE\n`;
    case 'list':
      return list(token as Tokens.List, pages);
    case 'table':
      return table(token as Tokens.Table, pages);
    case 'space':
      return '';
    default:
      throw new Error(`the manual has no form for ${token.type}: ${token.raw}`);
  }
}

function heading({ depth, text }: Tokens.Heading): string {
  const words = text.replaceAll('`', '');
  if (depth === 1) return '';
  return depth === 2 ? macro('SH', words.toUpperCase()) : macro('SS', words);
}

function list({ items, ordered }: Tokens.List, pages: PageNames): string {
  const points = items.map((item, index) => {
    const [first, ...more] = item.tokens.filter(({ type }) => type !== 'space');
    const mark = ordered ? `${index + 1}.` : '\\(bu';
    return `.IP ${mark} 3\n${first ? inlineOf(first, pages) : ''}\n${nested(more, pages)}`;
  });
  return points.join('');
}

function nested(tokens: readonly Token[], pages: PageNames): string {
  return tokens.length === 0 ? '' : `.RS 3\n${blocks(tokens, pages)}.RE\n`;
}

/** The first cell is the tag. Of several others each is introduced by its heading. */
function table({ header, rows }: Tokens.Table, pages: PageNames): string {
  return rows
    .map(([tag, ...cells]) => {
      const values = cells.flatMap((cell, index) => {
        const text = inline(cell.tokens, pages);
        const label = cells.length === 1 ? '' : `${escaped(header[index + 1]?.text ?? '')}: `;
        return text === '' ? [] : [`${label}${text}`];
      });
      const said = values.length === 0 ? ['\\&'] : values;
      return `.TP\n${tag === undefined ? '' : inline(tag.tokens, pages)}\n${said.join('\n.br\n')}\n`;
    })
    .join('');
}

function inlineOf(token: Token, pages: PageNames): string {
  return 'tokens' in token && token.tokens ? inline(token.tokens, pages) : inline([token], pages);
}

function inline(tokens: readonly Token[], pages: PageNames): string {
  return lines(spans(tokens, pages));
}

function spans(tokens: readonly Token[], pages: PageNames): string {
  return tokens.map((token) => span(token, pages)).join('');
}

function span(token: Token, pages: PageNames): string {
  switch (token.type) {
    case 'text':
    case 'escape':
      return escaped(unescapeHtml((token as Tokens.Text).text));
    case 'codespan':
      return `\\fB${escaped(unescapeHtml((token as Tokens.Codespan).text))}\\fP`;
    case 'strong':
      return `\\fB${spans((token as Tokens.Strong).tokens, pages)}\\fP`;
    case 'em':
      return `\\fI${spans((token as Tokens.Em).tokens, pages)}\\fP`;
    case 'link':
      return link(token as Tokens.Link, pages);
    default:
      throw new Error(`the manual has no form for ${token.type}: ${token.raw}`);
  }
}

function link({ href, tokens }: Tokens.Link, pages: PageNames): string {
  const text = spans(tokens, pages);
  if (/^https?:/.test(href)) return `${text} <${escaped(href)}>`;
  const page = pages.get(href.replace(/#.*/, ''));
  return page === undefined || href.startsWith('#') ? text : `${text} (${escaped(page)})`;
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
