/** How long Weft takes to come up, as VS Code itself measures it. */
import type { Workbench } from './workbench';

/** Waits until Weft is active. Leaves the list of running extensions open. */
export async function activationMilliseconds(workbench: Workbench): Promise<number> {
  // The list draws only the rows that fit.
  await workbench.page.setViewportSize({ width: 1400, height: 3000 });
  await workbench.runCommand('Developer: Show Running Extensions');
  const weft = workbench.page
    .locator('.runtime-extensions-editor .extension')
    .filter({ has: workbench.page.getByText('Weft', { exact: true }) });
  const time = await weft.locator('.activation-time').filter({ hasText: /\d+ms/ }).first().textContent();
  return Number(/(\d+)ms/.exec(time ?? '')?.[1]);
}
