/* SPDX-License-Identifier: MIT */
/*
 * rule.c - what a rule of the doctor looks at, and what it says
 */
#include "doctor/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/kinds.h"
#include "util/text.h"

void rule_say(struct finding_entry *entry, enum ration_severity severity, const char *fix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(entry->text, sizeof(entry->text), format, args);
	va_end(args);
	(void)snprintf(entry->fix, sizeof(entry->fix), "%s", fix);
	(void)text_clean(entry->text);
	(void)text_clean(entry->fix);
	entry->item.severity = severity;
}

enum ration_severity rule_severity(uint64_t limits)
{
	if (limits & ESSENTIAL)
		return RATION_SEVERITY_BAD;
	return limits & ~MINOR ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE;
}

uint64_t rule_weakened(const struct machine *machine, const char *words)
{
	const struct ration_plan_item *item;
	uint64_t limits = 0;

	for (size_t i = 0; (item = ration_plan_item(machine->plan, i)); i++) {
		if (item->weaker && strstr(item->reason, words))
			limits |= BIT(item->limit);
	}
	return limits;
}

bool rule_lacks(const struct machine *machine, uint64_t feature)
{
	return machine->seen->on_linux && !(machine->host->features & feature);
}

bool rule_kernel_before(const struct machine *machine, unsigned major, unsigned minor)
{
	unsigned a = 0, b = 0;

	(void)sscanf(machine->host->kernel, "%u.%u", &a, &b);
	return a < major || (a == major && b < minor);
}

const char *rule_controllers(char *buf, size_t size, uint32_t bits)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < HOST_CONTROLLERS && used < size; i++) {
		if (bits & host_controllers[i].bit)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
					host_controllers[i].name);
	}
	return buf;
}
