"""Who may run what the console brings, and who sees it: rows of the table of permissions."""

from collections.abc import Mapping

from api.graphql.engine.permitted.caller_kinds import (
    CONSOLE_OPERATOR,
    FIGURES,
    SERVICE,
    CallerKinds,
    RootPermission,
    permit,
    types_for,
)

CONSOLE_QUERIES: Mapping[str, RootPermission] = {
    "backtests": permit(FIGURES),
    "backtest": permit(FIGURES),
    "programmeVersions": permit(CONSOLE_OPERATOR),
    "programmeText": permit(CONSOLE_OPERATOR),
    "programmeDifference": permit(CONSOLE_OPERATOR),
    "programmeCheck": permit(CONSOLE_OPERATOR),
    "programmeTrial": permit(CONSOLE_OPERATOR),
    "programmeProposals": permit(CONSOLE_OPERATOR),
    "proposedProgrammeText": permit(CONSOLE_OPERATOR),
    "figures": permit(FIGURES),
    "staffProposals": permit(SERVICE),
    "contactProposals": permit(SERVICE),
    "employees": permit(CONSOLE_OPERATOR),
    "stores": permit(CONSOLE_OPERATOR),
    "systems": permit(CONSOLE_OPERATOR),
    "waiting": permit(CONSOLE_OPERATOR),
    "outboxRows": permit(CONSOLE_OPERATOR),
    "intake": permit(CONSOLE_OPERATOR),
    "sources": permit(CONSOLE_OPERATOR),
    "shifts": permit(CONSOLE_OPERATOR),
}
CONSOLE_MUTATIONS: Mapping[str, RootPermission] = {
    "startBacktest": permit(CONSOLE_OPERATOR),
    "cancelBacktest": permit(CONSOLE_OPERATOR),
    "proposeProgramme": permit(CONSOLE_OPERATOR),
    "approveProgramme": permit(CONSOLE_OPERATOR),
    "declineProgramme": permit(CONSOLE_OPERATOR),
    "approveProposal": permit(SERVICE),
    "declineProposal": permit(SERVICE),
    "giveReward": permit(SERVICE),
    "changeTags": permit(SERVICE),
    "addServiceNote": permit(SERVICE),
    "removeServiceNote": permit(SERVICE),
    "sendSignInCode": permit(SERVICE),
    "enrolInPlace": permit(SERVICE),
    "tryCorrections": permit(SERVICE),
    "proposeCorrections": permit(SERVICE),
    "addEmployee": permit(CONSOLE_OPERATOR),
    "moveEmployee": permit(CONSOLE_OPERATOR),
    "disableEmployee": permit(CONSOLE_OPERATOR),
    "enableEmployee": permit(CONSOLE_OPERATOR),
    "changeEmployeePassword": permit(CONSOLE_OPERATOR),
    "resetSecondFactor": permit(CONSOLE_OPERATOR),
    "addStore": permit(CONSOLE_OPERATOR),
    "renameStore": permit(CONSOLE_OPERATOR),
    "addSystem": permit(CONSOLE_OPERATOR),
    "changeSystem": permit(CONSOLE_OPERATOR),
    "rotateSystemKey": permit(CONSOLE_OPERATOR),
    "revokeSystem": permit(CONSOLE_OPERATOR),
    "retryOutbox": permit(CONSOLE_OPERATOR),
    "retryIntake": permit(CONSOLE_OPERATOR),
}
CONSOLE_TYPES: Mapping[str, CallerKinds] = {
    **types_for(SERVICE, "StaffProposal", "StaffProposed", "ProposalApproved", "ProposalDeclined"),
    **types_for(
        SERVICE, "RewardGiven", "TagsChanged", "SignInCodeSent", "EnrolledInPlace", "ContactProposal"
    ),
    **types_for(SERVICE, "ServiceNote", "ServiceNotes", "MessageFate", "ChannelFate", "MemberDevice"),
    **types_for(SERVICE, "CorrectionsTried", "TriedCorrection"),
    # What operators run
    **types_for(CONSOLE_OPERATOR, "Employee", "EmployeeAdded", "EmployeeChanged", "StoreSaved"),
    **types_for(CONSOLE_OPERATOR, "System", "SystemKey", "SystemBound", "SystemRevoked"),
    **types_for(CONSOLE_OPERATOR, "WaitingCount", "QueueRow", "IntakeDelivery", "ReportingSource"),
    **types_for(CONSOLE_OPERATOR, "FateCount", "Intake", "Retried", "Shift", "ShiftFigure"),
}
