// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Blocks} from "../../src/blocks/Blocks.sol";
import {Channels} from "../../src/channels/Channels.sol";
import {ReducerTable} from "../../src/channels/ReducerTable.sol";
import {TermsRules} from "../../src/channels/TermsRules.sol";
import {Lens} from "../../src/lens/Lens.sol";
import {RtbImpression1} from "../../src/reducers/RtbImpression1.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {ParticipantRegistry} from "../../src/registries/ParticipantRegistry.sol";
import {ValidatorRegistry} from "../../src/registries/ValidatorRegistry.sol";
import {Vault} from "../../src/vault/Vault.sol";
import {Deployment} from "../support/Deployment.sol";

/// Contracts that know each other from their constructors on, each 2 kB below both limits of size.
contract DeploymentTest is Deployment {
    uint256 private constant DEPLOYED_BYTES_MAX = 22_528;
    uint256 private constant CREATION_BYTES_MAX = 47_104;

    function setUp() public {
        deploy();
    }

    function test_each_contract_knows_the_others_at_their_places() public view {
        vm.assertEq(address(channels.termsRules()), address(termsRules));
        vm.assertEq(address(termsRules.reducerTable()), address(reducerTable));
        vm.assertEq(address(termsRules.participantRegistry()), address(participants));
        vm.assertEq(reducerTable.reducerOf("rtb-impression/1"), address(rtbImpression1));
        vm.assertEq(address(validators.vault()), address(vault));
    }

    function test_keys_prove_themselves_in_the_domain_of_channels() public {
        (uint256 recordKey, uint256 operatorKey) = (0x51, 0x52);
        IParticipantRegistry.Keys memory keys =
            IParticipantRegistry.Keys(vm.addr(recordKey), vm.addr(operatorKey), bytes32(uint256(1)), "");
        participants.register(keys, signed(recordKey, 1), signed(operatorKey, 2));
        vm.assertTrue(participants.isRegistered(address(this)), "registered");
    }

    function test_each_contract_is_2_kB_below_both_limits() public view {
        fits(address(rtbImpression1), type(RtbImpression1).creationCode.length);
        fits(address(reducerTable), type(ReducerTable).creationCode.length);
        fits(address(termsRules), type(TermsRules).creationCode.length);
        fits(address(participants), type(ParticipantRegistry).creationCode.length);
        fits(address(channels), type(Channels).creationCode.length);
        fits(address(validators), type(ValidatorRegistry).creationCode.length);
        fits(address(vault), type(Vault).creationCode.length);
        fits(address(blocks), type(Blocks).creationCode.length);
        fits(address(lens), type(Lens).creationCode.length);
    }

    function fits(address one, uint256 creationBytes) private view {
        vm.assertTrue(one.code.length > 0, "deployed");
        vm.assertLe(one.code.length, DEPLOYED_BYTES_MAX, "deployed bytes");
        vm.assertLe(creationBytes, CREATION_BYTES_MAX, "creation bytes");
    }

    function signed(uint256 key, uint8 purpose) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, channels.possessionDigest(address(this), purpose, 0));
        return abi.encodePacked(r, s, v);
    }
}
