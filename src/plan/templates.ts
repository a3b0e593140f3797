/** The templates that lie in a workspace: found and read on disk, links not followed. */
import { readdir } from 'node:fs/promises';
import { fail, type Result } from '../domain/failure';
import { ifThere, readContent } from '../repo/files';
import type { Repository } from '../repo/repository';
import { absolute } from '../repo/root';
import { readTemplate, TEMPLATE_ENDING, TEMPLATES_FOLDER, type Template } from './template';

export interface TemplateFile {
  readonly name: string;
  /** A workspace path. */
  readonly path: string;
}

/** Sorted by name; those of several folders, folder by folder. */
export async function listTemplates({ root }: Pick<Repository, 'root'>): Promise<TemplateFile[]> {
  const folders = typeof root === 'string' ? [TEMPLATES_FOLDER] : root.map(({ name }) => `${name}/${TEMPLATES_FOLDER}`);
  const found: TemplateFile[] = [];
  for (const folder of folders) {
    const place = absolute(root, folder);
    const names = place === undefined ? [] : ((await ifThere(readdir(place))) ?? []);
    const own = names.filter((name) => name.endsWith(TEMPLATE_ENDING) && name !== TEMPLATE_ENDING).sort();
    found.push(...own.map((name) => ({ name: name.slice(0, -TEMPLATE_ENDING.length), path: `${folder}/${name}` })));
  }
  return found;
}

/** A template by its name. Fails where there is none, naming those that there are, and where its file cannot be used. */
export async function loadTemplate(repo: Pick<Repository, 'root'>, name: string): Promise<Result<Template>> {
  const all = await listTemplates(repo);
  const file = all.find((one) => one.name === name);
  if (file === undefined) {
    const names = all.map((one) => one.name).join(', ');
    const fix = names === '' ? `Put one into ${TEMPLATES_FOLDER}, as ${name}${TEMPLATE_ENDING}.` : `There are: ${names}.`;
    return fail('input', `There is no template “${name}” in ${TEMPLATES_FOLDER}.`, fix);
  }
  const content = await readContent(repo.root, file.path);
  if (!content.ok) return content;
  if (content.value === null || content.value === 'folder' || content.value.mode === '120000')
    return fail('file', `The template “${name}” (${file.path}) is no file of its own.`, 'Replace it, or the link to it, by a file.');
  return readTemplate(content.value.bytes.toString(), name);
}
