// What something has to look like: whatever runs in the browser may write where a tab keeps what goes on after a reload.

export const isText = (said) => typeof said === "string";

const isObject = (said) => typeof said === "object" && said !== null && !Array.isArray(said);

/** An object all of whose values are of a shape. */
export const recordOf = (isValue) => (said) => isObject(said) && Object.values(said).every(isValue);

/** An object whose named values are each of a shape; what else it holds is nobody's matter. */
export const objectOf = (shapes) => (said) => isObject(said) && Object.entries(shapes).every(([name, isValue]) => isValue(said[name]));

export const listOf = (isItem) => (said) => Array.isArray(said) && said.every(isItem);

/** What a map is made of again: pairs of a whole number and what is of a shape. */
export const pairsOf = (isValue) => listOf((pair) => Array.isArray(pair) && pair.length === 2 && Number.isSafeInteger(pair[0]) && isValue(pair[1]));

/** A shape, or nothing. */
export const perhaps = (isValue) => (said) => said === undefined || isValue(said);
