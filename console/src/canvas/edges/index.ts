// What React Flow draws as an edge.
import { LinkLine } from "./LinkLine";

export const edgeTypes = { link: LinkLine };
