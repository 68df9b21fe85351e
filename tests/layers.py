"""Who may import whom: the tables of test_layers.py."""

from __future__ import annotations

# What a module takes from the others of the package: a module that is not named here has no place yet.
OURS = {
    "__init__": "engine runner table",
    "__main__": "cli",
    "progress": "report.console",
    "extras": "",
    "codemods.insertions": "codemods.enclosing codemods.lines codemods.view extras model",
    "codemods.lines": "codemods.enclosing codemods.view",
    "codemods.locals": "trees",
    "codemods.members": "advice codemods.insertions codemods.locals codemods.view model trees",
    "codemods.models": "codemods.insertions codemods.locals codemods.view trees",
    "codemods.quantization": "codemods.insertions codemods.models codemods.view extras model trees",
    "circles": "engine extras trees",
    "codemods.retired": "codemods.enclosing codemods.names codemods.view extras model syntax",
    "targets": "expression extras model reader",
    "tablefiles": "reader toml",
    "reader": "extras mistakes model",
    "expression": "extras model",
    "codemods.project": "codemods.insertions codemods.quantization codemods.view extras model",
    "codemods.expressions": "codemods.enclosing codemods.view extras model syntax",
    "codemods.enclosing": "codemods.view edits trees",
    "mistakes": "model",
    "codemods.dependencies": "codemods.view finder kinds.pins model",
    "support": "model source table toml",
    "codemods.plugin": "codemods.view model syntax",
    "between": "model table",
    "explain": "about advice edits engine model",
    "cli_rules": "cli_check config explain model table",
    "about": "",
    "sites": "model",
    "naming": "",
    "found": "edits model",
    "filetypes": "model",
    "advice": "model",
    "model": "extras",
    "edits": "model",
    "finder": "model",
    "heads": "finder model",
    "toml": "",
    "table": "expression extras model reader sites tablefiles targets",
    "neutral": "model table",
    "config": "discover toml",
    "hunks": "",
    "vcs": "hunks",
    "discover": "filetypes model vcs",
    "repository": "discover engine model siblings source trees",
    "siblings": "model naming",
    # one file: the scan, made with the standard library only
    "trees": "",
    "bindings": "",
    "arms": "",
    "guards": "arms model",
    "source": "bindings guards trees",
    "binder": "bindings model source",
    "scan": "binder bindings edits finder guards model source",
    # one file: the index, made with libcst
    "spans": "",
    "nesting": "",
    "nodes": "",
    "describe": "",
    "newer": "edits model nesting nodes spans",
    "regions": "nesting source spans",
    "syntax": "bindings source",
    "callsites": "describe model naming nodes syntax",
    "records": "describe nodes regions source syntax",
    "walk": "arms bindings callsites describe finder guards model nodes records regions source syntax",
    "grammar": "callsites describe guards nodes records syntax walk",
    "index": "callsites finder grammar model source syntax walk",
    # one file: what becomes of it
    "codemods.rows": "codemods.view",
    "codemods.devices": "codemods.evidence codemods.expressions codemods.rows codemods.view model naming syntax",
    "codemods.evidence": "callsites codemods.view naming syntax",
    "codemods.flow": "bindings model naming source trees",
    "codemods.among": "model",
    "codemods.kernels": "codemods.view model source",
    "codemods.gates": "arms codemods.among codemods.kernels codemods.view model",
    "codemods.choices": "arms codemods.among codemods.locals codemods.view model trees",
    "codemods.imports": "advice codemods.plan codemods.plugin codemods.reach codemods.view model source syntax",
    "codemods.pairs": "codemods.among codemods.view model",
    "codemods.methods": "codemods.names codemods.plan codemods.templates codemods.view model naming syntax",
    "codemods.names": "advice callsites codemods.plan codemods.templates codemods.view model syntax",
    "codemods.owners": "model source syntax trees",
    "codemods.plan": "bindings codemods.templates codemods.view model syntax",
    "codemods.strings": "advice codemods.devices codemods.texts codemods.view model naming syntax",
    "codemods.templates": "codemods.enclosing codemods.view model syntax",
    "codemods.texts": "advice codemods.view model naming syntax",
    "codemods.vendor": "codemods.lines codemods.reach codemods.view model source",
    "codemods.reach": "arms codemods.enclosing codemods.view edits",
    "codemods.view": "bindings codemods.flow codemods.owners finder guards model source syntax",
    "codemods.words": "advice codemods.plan codemods.templates codemods.view model naming syntax",
    "codemods.__init__": (
        "codemods.dependencies codemods.devices codemods.imports codemods.methods codemods.names "
        "codemods.plan codemods.retired codemods.strings codemods.view codemods.words model"
    ),
    # one file: what its author keeps, and all of it together
    "comments": "",
    "suppress": "comments edits found model",
    "author": "about codemods.view found model suppress",
    "settle": "codemods.view edits found model",
    "sameness": "edits model",
    "placeholders": "edits model",
    "promises": "edits model placeholders sameness",
    "engine": (
        "author codemods.__init__ codemods.choices codemods.gates codemods.members codemods.pairs codemods.project "
        "codemods.vendor edits expression finder found heads index kinds.__init__ model nesting newer promises scan "
        "settle source support"
    ),
    # many files, and what is shown of them
    "runner": "__init__ cache circles discover engine finder model pool repository",
    "cache": "discover identity model pool replacement repository",
    "identity": "__init__",
    "replacement": "",
    "interruption": "",
    "writer": "engine model promises replacement",
    "journal": "replacement vcs",
    "undo": "engine journal replacement",
    "jobs": "discover",
    "pool": "guard model processes",
    "leftovers": "edits engine model",
    "baseline": "leftovers",
    "check": "__init__ baseline discover filetypes finder leftovers model neutral runner table",
    "processes": "",
    "workers": "processes remote",
    "remote": "__init__ identity model workers",
    "guard": "",
    "report.__init__": "",
    "report.annotated": "kinds.sources leftovers report.shown",
    "report.check_json": "leftovers model report.shown",
    "report.concise": "leftovers report.shown",
    "report.console": "model report.shown",
    "report.formats": "leftovers",
    "report.github": "leftovers model report.shown",
    "report.gitlab": "leftovers model report.shown",
    "report.junit": "leftovers model report.shown",
    "report.machine": "edits engine model report.shown",
    "report.many": "__init__ model report.machine report.shown",
    "report.markdown": "leftovers report.shown",
    "report.sarif": "about leftovers model report.shown",
    "report.shown": "edits leftovers model",
    "report.statistics": "leftovers report.shown",
    "report.text": "model report.shown",
    "cli_check": "baseline check config discover jobs leftovers report.formats report.shown table vcs workers",
    "cli": "__init__ cli_check cli_migrate cli_rules cli_undo cli_verify runner",
    "cli_undo": "cli_check interruption journal report.shown undo",
    "cli_migrate": (
        "cli_check cli_repos cli_run cli_write model report.console report.machine report.shown report.text table"
    ),
    "cli_run": "between cli_check config discover interruption jobs model progress runner support table workers",
    "cli_write": "cli_check engine interruption journal model report.machine report.shown vcs writer",
    "cli_repos": "cli_check cli_run cli_write discover model report.many report.shown repos runner workers",
    "repos": "",
    # a run on the simulated device; what runs in the user's Python is in verify/child, and is no part of this
    "verify.__init__": "",
    "verify.statements": "",
    "verify.rewritten": "edits engine hunks model verify.statements",
    "verify.profile": "model table",
    "verify.events": "",
    "verify.folder": "",
    "verify.launch": "table",
    "verify.verdict": "engine leftovers model verify.events verify.launch verify.rewritten verify.statements",
    "verify.run": (
        "check discover leftovers model runner vcs verify.events verify.folder verify.launch verify.profile "
        "verify.rewritten verify.verdict"
    ),
    "report.verify_json": "report.check_json report.shown verify.events verify.verdict",
    "report.verify_text": "report.shown verify.events verify.launch verify.verdict",
    "cli_verify": (
        "baseline between cli_check config discover jobs model report.verify_json report.verify_text table "
        "verify.events verify.launch verify.profile verify.rewritten verify.run verify.verdict workers"
    ),
    # files that are no Python
    "kinds.bodies": "filetypes kinds.calls kinds.excerpt kinds.script",
    "kinds.calls": "kinds.script naming",
    "kinds.groups": "model",
    "kinds.held": (
        "kinds.calls kinds.groups kinds.options kinds.pieces kinds.rows kinds.script kinds.variables model naming"
    ),
    "kinds.heredocs": "kinds.script kinds.shellwords",
    "kinds.installs": (
        "finder kinds.calls kinds.excerpt kinds.options kinds.pieces kinds.pins kinds.rows kinds.script model"
    ),
    "kinds.make": "finder kinds.commands kinds.excerpt kinds.reading kinds.remains kinds.rows model",
    "kinds.options": "kinds.calls kinds.excerpt kinds.pieces kinds.rows kinds.script model naming",
    "kinds.pieces": "kinds.bodies kinds.calls kinds.excerpt kinds.script kinds.shell model",
    "kinds.remains": (
        "finder found kinds.calls kinds.groups kinds.pieces kinds.rows kinds.script kinds.together kinds.variables "
        "model"
    ),
    "kinds.script": "finder kinds.excerpt",
    "kinds.shell": "kinds.heredocs kinds.script kinds.shellwords",
    "kinds.shellwords": "finder kinds.crowds kinds.script",
    "kinds.variables": "kinds.calls kinds.groups kinds.pieces kinds.rows kinds.script model",
    "kinds.blocks": "edits finder kinds.excerpt kinds.together",
    "kinds.cells": "edits finder kinds.sources",
    "kinds.containers": (
        "engine filetypes finder kinds.commands kinds.dockerfile kinds.excerpt kinds.reading kinds.rows model nesting"
    ),
    "kinds.dependencies": "kinds.entries kinds.page kinds.pins model",
    "kinds.docker": (
        "finder kinds.containers kinds.dockerfile kinds.excerpt kinds.pins kinds.reading kinds.rows "
        "kinds.together model"
    ),
    "kinds.dockerfile": "finder kinds.excerpt",
    "kinds.docs": "engine finder kinds.__init__ kinds.blocks kinds.commands kinds.excerpt kinds.reading model nesting",
    "kinds.entries": "finder kinds.excerpt model",
    "kinds.env_file": "finder kinds.entries kinds.reading kinds.settings",
    "kinds.environments": "kinds.entries kinds.page kinds.rows model naming",
    "kinds.foreign": (
        "edits engine filetypes finder kinds.__init__ kinds.commands kinds.excerpt kinds.magics "
        "kinds.reading kinds.rows kinds.sources model nesting settle"
    ),
    "kinds.ini_file": "edits finder found kinds.entries kinds.reading kinds.settings",
    "kinds.json_file": "edits finder kinds.entries kinds.excerpt kinds.reading kinds.settings",
    "kinds.magics": "comments edits found model",
    "kinds.module": "edits finder kinds.excerpt kinds.sources model",
    "kinds.notebook": (
        "comments edits engine finder kinds.cells kinds.crowds kinds.excerpt kinds.foreign kinds.magics "
        "kinds.module kinds.reading kinds.sources model"
    ),
    "kinds.page": "finder kinds.entries kinds.reading kinds.rows model",
    "kinds.requirements": "finder kinds.excerpt kinds.pins kinds.reading kinds.rows model",
    "kinds.resources": (
        "finder kinds.commands kinds.entries kinds.excerpt kinds.foreign kinds.page kinds.pins kinds.rows model"
    ),
    "kinds.settings": (
        "finder kinds.dependencies kinds.entries kinds.environments kinds.excerpt kinds.page kinds.reading "
        "kinds.resources kinds.values model"
    ),
    "kinds.sources": "finder kinds.excerpt",
    "kinds.together": "finder model",
    "kinds.toml_file": "edits finder kinds.entries kinds.excerpt kinds.reading kinds.settings toml",
    "kinds.values": "advice found kinds.entries kinds.page kinds.rows model naming",
    "kinds.versions": "",
    "kinds.yaml_file": "edits finder kinds.entries kinds.excerpt kinds.reading kinds.settings",
    "kinds.commands": (
        "finder kinds.groups kinds.held kinds.installs kinds.options kinds.pieces kinds.reading "
        "kinds.remains kinds.rows kinds.script kinds.shell kinds.variables model"
    ),
    "kinds.pins": "finder kinds.rows kinds.versions model",
    "kinds.__init__": "kinds.crowds kinds.reading model",
    "kinds.crowds": "edits finder found kinds.reading model",
    "kinds.excerpt": "model",
    "kinds.prose": "kinds.reading",
    "kinds.reading": "about comments edits finder found model promises settle suppress",
    "kinds.rows": "advice finder model naming",
}

# Everything else that is not in this table may be imported anywhere.
RESTRICTED = {
    "libcst": "callsites describe grammar newer nodes records regions spans walk",
    "libcst._nodes.internal": "spans",
    "click": "cli cli_check cli_migrate cli_repos cli_rules cli_run cli_undo cli_verify cli_write",
    "rich": "report.console",
    "tomli": "toml",
    "yaml": "kinds.yaml_file",
    "markdown_it": "kinds.blocks",
    "subprocess": "vcs verify.launch",
    "multiprocessing": "workers interruption processes",
    "concurrent": "check cli_repos pool processes remote runner verify.run workers",
    "tempfile": "replacement verify.folder",
    "shutil": "replacement writer",
    "os": "cache discover guard hunks jobs journal processes replacement vcs verify.launch verify.run writer",
    "pickle": "guard pool",  # from this process to its own workers
    "resource": "guard",
    "pathlib": (
        "between cache check cli_check cli_migrate cli_repos cli_rules cli_run cli_undo cli_verify cli_write config "
        "discover identity journal neutral replacement repos runner support table tablefiles undo vcs verify.folder "
        "verify.run writer"
    ),
    "time": "check cli_repos guard journal progress runner verify.launch",
    "json": (
        "baseline cache cli_rules journal kinds.cells kinds.json_file kinds.sources report.check_json report.gitlab "
        "report.machine report.many report.sarif report.verify_json verify.events verify.folder verify.launch "
        "verify.rewritten"
    ),
    "threading": "interruption processes remote",
    "logging": "remote",
    "importlib": "__init__ identity kinds.__init__ remote report.formats",
    "typing.Any": (
        "__init__ baseline cache cli cli_check cli_migrate cli_repos cli_rules cli_run cli_verify config grammar "
        "kinds.cells processes progress reader remote report.check_json report.gitlab report.machine report.many "
        "report.sarif report.verify_json sites support tablefiles targets toml verify.events verify.rewritten"
    ),
}
NOWHERE = {"torch", "random", "datetime", "socket", "ctypes", "glob"}
