/** What needs the SDK: a bundle of its own, which comes with the first plan or run, so that a window that only opens does not wait for it. */
export { inProcessWorker } from '../engine/inProcess';
export { makePlan } from '../plan/planner';
