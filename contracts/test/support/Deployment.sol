// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Channels} from "../../src/channels/Channels.sol";
import {ReducerTable} from "../../src/channels/ReducerTable.sol";
import {TermsRules} from "../../src/channels/TermsRules.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {RtbImpression1} from "../../src/reducers/RtbImpression1.sol";
import {ParticipantRegistry} from "../../src/registries/ParticipantRegistry.sol";
import {ValidatorRegistry} from "../../src/registries/ValidatorRegistry.sol";
import {StandInVault} from "./StandInVault.sol";
import {Test} from "./Test.sol";

/// All contracts at the addresses that their deployer's nonces foretell, in the order of contracts/README.md.
abstract contract Deployment is Test {
    RtbImpression1 internal rtbImpression1;
    ReducerTable internal reducerTable;
    TermsRules internal termsRules;
    ParticipantRegistry internal participants;
    Channels internal channels;
    StandInVault internal vault;
    ValidatorRegistry internal validators;

    function deploy() internal {
        uint256 nonce = vm.getNonce(address(this));
        address participantRegistry = foretold(nonce + 3);
        address channelsPlace = foretold(nonce + 4);
        rtbImpression1 = new RtbImpression1();
        reducerTable = new ReducerTable(address(rtbImpression1));
        termsRules = new TermsRules(reducerTable, ParticipantRegistry(participantRegistry));
        participants = new ParticipantRegistry(channelsPlace);
        channels = new Channels(termsRules);
        vault = new StandInVault();
        validators = new ValidatorRegistry(IVault(address(vault)));
    }

    function foretold(uint256 nonce) internal view returns (address) {
        return vm.computeCreateAddress(address(this), nonce);
    }
}
