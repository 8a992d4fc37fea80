package tidegate.lib

import rego.v1

# True for a value that isn't known before deployment, or known in part.
unknown(x) if is_string(x["$unknown"])

unknown(x) if {
	some part in x["$template"]
	is_string(part["$unknown"])
}

# True for a value that is known, or refers to something that is declared.
known(x) if not unknown(x)

# The id of the resource that a value refers to.
target(x) := x["$reference"]

# Resources of a type.
resources(type) := [r | some r in input.resources; r.type == type]
