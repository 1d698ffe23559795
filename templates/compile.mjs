// Mail and pages, made ready at build time: neither MJML nor Handlebars' compiler ships with a Lambda.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import mjml2html from 'mjml';

const KINDS = ['warning', 'stopped', 'failure', 'digest', 'confirmation', 'budget', 'report'];
const MAILS = new URL('../src/adapters/ses/templates.generated.mjs', import.meta.url);
const PAGE = new URL('../src/adapters/pages/page.generated.mjs', import.meta.url);
const here = fileURLToPath(new URL('.', import.meta.url));

/** The source of the ES module that holds every template, ready to call. Throws on whatever MJML or Handlebars finds wrong. */
export async function compileTemplates() {
  const entries = [];
  for (const kind of KINDS) {
    const { subject, text } = splitText(kind, await readText(`${kind}.txt`));
    const html = await compileMjml(await readFile(`${here}${kind}.mjml`, 'utf8'));
    const parts = [
      `subject: Handlebars.template(${precompile(subject, { noEscape: true })})`,
      `html: Handlebars.template(${precompile(html)})`,
      `text: Handlebars.template(${precompile(text, { noEscape: true })})`,
    ];
    entries.push(`  ${kind}: {\n    ${parts.join(',\n    ')},\n  },`);
  }
  return [
    '// Made by templates/compile.mjs: do not edit.',
    "import Handlebars from 'handlebars/runtime.js';",
    `export const templates = {\n${entries.join('\n')}\n};\n`,
  ].join('\n');
}

/** The source of the ES module that holds the pages, and the hash by which the policy of each allows its style. */
async function compilePages() {
  const page = await readFile(`${here}page.html`, 'utf8');
  const report = await readFile(`${here}report-page.html`, 'utf8');
  return [
    '// Made by templates/compile.mjs: do not edit.',
    "import Handlebars from 'handlebars/runtime.js';",
    `export const page = Handlebars.template(${precompile(page)});`,
    `export const styleHash = '${styleHashOf(page)}';`,
    `export const reportPage = Handlebars.template(${precompile(report)});`,
    `export const reportStyleHash = '${styleHashOf(report)}';\n`,
  ].join('\n');
}

function styleHashOf(html) {
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)[1];
  return `sha256-${createHash('sha256').update(style).digest('base64')}`;
}

/** Compiles the templates into the modules that the adapters of mail and of pages import. */
export async function writeTemplates() {
  await writeFile(MAILS, await compileTemplates());
  await writeFile(PAGE, await compilePages());
}

/** MJML to HTML with nothing remote in it. Throws on any fault that MJML reports, an unreadable include as well. */
export async function compileMjml(source) {
  const { html, errors } = await mjml2html(source, {
    validationLevel: 'strict',
    ignoreIncludes: false,
    filePath: here,
    fonts: {}, // MJML would import Roboto from Google because our font stack names it.
    keepComments: false,
  });
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  // An include that cannot be read is no error to MJML: it leaves a comment in the page.
  const lost = /<!--\s*mj-include[\s\S]*?-->/.exec(html);
  if (lost) throw new Error(`${lost[0]} in:\n${source}`);
  // Line by line only: MJML's own minifier reads `{{#each}}` between table rows as a fault and moves it.
  return html.replace(/\s*\n\s*/g, '\n').trim();
}

/** In strict mode a member that the view lacks throws where it would print nothing; a view writes absent as ''. */
function precompile(source, options = {}) {
  return Handlebars.precompile(source, { strict: true, knownHelpersOnly: true, ...options });
}

/** A text template, with its partials in their places. */
async function readText(name) {
  let text = await readFile(here + name, 'utf8');
  for (const [mention, partial] of text.matchAll(/^\{\{> (\w+)\}\}\n/gm)) {
    text = text.replace(mention, await readFile(`${here}partials/${partial}.txt`, 'utf8'));
  }
  return text;
}

/** The first line of a text template is the subject. */
function splitText(kind, source) {
  const [, subject, text] = /^Subject: (.+)\n([\s\S]+)$/.exec(source) ?? [];
  if (subject === undefined) throw new Error(`templates/${kind}.txt must begin with a "Subject: " line`);
  return { subject, text };
}
