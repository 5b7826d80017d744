// What a count keeps in the browser: the list to be counted, and entries that have not arrived yet (IndexedDB).
const NAME = "xinglin-handheld";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("sheets", { keyPath: "key" });
      request.result.createObjectStore("entries", { keyPath: "uuid" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(store, mode, work) {
  const base = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const act = base.transaction(store, mode);
      const request = work(act.objectStore(store));
      act.oncomplete = () => resolve(request.result);
      act.onerror = () => reject(act.error);
    });
  } finally {
    base.close();
  }
}

export const put = (store, row) => run(store, "readwrite", (rows) => rows.put(row));
export const remove = (store, key) => run(store, "readwrite", (rows) => rows.delete(key));
export const get = (store, key) => run(store, "readonly", (rows) => rows.get(key));
export const all = (store) => run(store, "readonly", (rows) => rows.getAll());
