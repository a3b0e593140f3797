/** The settings as package.json has them, of all its groups together. */
import packageJson from '../../package.json';

export interface Setting {
  readonly default: unknown;
  readonly scope: string;
  readonly order: number;
  readonly markdownDescription: string;
  readonly enum?: readonly string[];
  readonly maximum?: number;
  readonly properties?: unknown;
}

export const SETTING_GROUPS: readonly {
  readonly title: string;
  readonly order: number;
  readonly properties: Readonly<Record<string, Setting>>;
}[] = packageJson.contributes.configuration;

/** By name. */
export const PACKAGE_SETTINGS: Readonly<Record<string, Setting>> = Object.fromEntries(
  SETTING_GROUPS.flatMap(({ properties }) => Object.entries(properties)),
);
