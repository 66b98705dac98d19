/** Part of the prelude, in Python: takes objects of one kind out of everything that holds them. */
export const FORGET = `    def members_of(holder):
        """Where attributes, variables or entries of an object are kept, or None."""
        if type(holder) in (dict, list):
            return holder
        try:
            members = object.__getattribute__(holder, "__dict__")
        except Exception:
            return None
        return members if type(members) is dict else None

    def forget(kind, ids):
        """
        Puts None wherever an object of this kind, or one of these, is held: in modules that others still use, in
        instances, in cells.
        """
        gone = lambda one: id(one) in ids or kind in type(one).__mro__
        for holder in gc.get_objects():
            if type(holder) is types.CellType:
                try:
                    if gone(holder.cell_contents):
                        holder.cell_contents = None
                except ValueError:
                    pass  # it is empty
                continue
            members = members_of(holder)
            if members is None:
                continue
            for key, value in list(enumerate(members) if type(members) is list else members.items()):
                if gone(value):
                    members[key] = None`;
